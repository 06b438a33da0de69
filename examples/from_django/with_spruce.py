"""A blog, ported from with_django.py: the same models, views and templates, with other imports and no urlpatterns."""

import os

import click
from jinja2 import DictLoader

from spruce import App, MethodView, Response, db, redirect, render_template, request, url_for
from spruce.db import Count, F, Max, Q, get_object_or_404
from spruce.web import paginate

LAYOUT = """<!doctype html>
<title>{% block title %}A blog{% endblock %}</title>
{% block content %}{% endblock %}
<footer>{{ footer }}</footer>
"""
INDEX = """{% extends "layout.html" %}
{% block content %}<ul>{% for post in posts %}
<li><a href="{{ url_for('show', pk=post.pk) }}">{{ post.title }}</a>, {{ post.n }} comments
{% for tag in post.tags.all() %} #{{ tag.name }}{% endfor %}</li>{% else %}<li>Nothing.</li>{% endfor %}
</ul>
<p>Page {{ posts.page }} of {{ posts.pages or 1 }}</p>{% endblock %}
"""
SHOW = """{% extends "layout.html" %}
{% block title %}{{ post.title }}{% endblock %}
{% block content %}<h1>{{ post.title|title }}</h1>
<p>{{ post.text|default("No text yet", true) }}</p>{% for comment in post.comments.all() %}
<blockquote>{{ comment.text }} <cite>{{ comment.author }}</cite></blockquote>{% endfor %}
{% if error %}<p class="error">{{ error }}</p>{% endif %}{% endblock %}
"""


def footer():
    return {"footer": f"{Post.objects.published().count()} posts"}


class Tag(db.Model):
    name = db.CharField(max_length=30, unique=True)

    class Meta:
        ordering = ["name"]


class PostQuerySet(db.QuerySet):
    def published(self):
        return self.filter(published=True)


class Post(db.Model):
    title = db.CharField(max_length=80)
    text = db.TextField(blank=True, default="")
    published = db.BooleanField(default=True)
    views = db.IntegerField(default=0)
    written = db.DateTimeField(auto_now_add=True)
    tags = db.ManyToManyField(Tag, related_name="posts")
    objects = PostQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]


class Comment(db.Model):
    post = db.ForeignKey(Post, on_delete=db.CASCADE, related_name="comments")
    author = db.CharField(max_length=40)
    text = db.TextField()


class NoZero:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        if kwargs.get("pk") == 0:
            return Response("There is no number zero.", status=410)
        return None


app = App(
    __name__,
    MIDDLEWARE=[NoZero],
    DATABASES={"default": f"sqlite:///{os.environ.get('BLOG', 'blog.db')}"},
)
app.jinja_env.loader = DictLoader({"layout.html": LAYOUT, "index.html": INDEX, "show.html": SHOW})
app.context_processor(footer)


@app.get("/")
def index():
    posts = Post.objects.published().annotate(n=Count("comments")).prefetch_related("tags").order_by("-pk")
    if q := request.args.get("q"):
        posts = posts.filter(Q(title__icontains=q) | Q(tags__name=q)).distinct()
    page = paginate(posts, per_page=2, error_out=False)
    return render_template("index.html", posts=page)


@app.route("/posts/<int:pk>/", methods=["GET", "POST"])
def show(pk):
    post = get_object_or_404(Post.objects.published(), pk=pk)
    error = None
    if request.method == "POST":
        if request.form.get("author") and request.form.get("text"):
            post.comments.create(author=request.form["author"], text=request.form["text"])
            return redirect(url_for("show", pk=pk))
        error = "Who are you, and what do you say?"
    Post.objects.filter(pk=pk).update(views=F("views") + 1)
    return render_template("show.html", post=post, error=error), 400 if error else 200


@app.get("/statistics")
def statistics():
    tags = Tag.objects.annotate(n=Count("posts")).filter(n__gt=0).order_by("-n", "name")
    return {
        "tags": list(tags.values("name", "n")),
        "most_viewed": Post.objects.aggregate(Max("views"))["views__max"],
        "newest": Post.objects.values_list("title", flat=True).first(),
    }


class PostView(MethodView):
    def get(self, pk):
        post = get_object_or_404(Post, pk=pk)
        return {"title": post.title, "tags": [tag.name for tag in post.tags.all()]}

    def delete(self, pk):
        with db.atomic():
            get_object_or_404(Post, pk=pk).delete()
        return "", 204


app.add_url_rule("/api/posts/<int:pk>", view_func=PostView.as_view("post"))


@app.cli.command()
def prepare():
    db.create_all()
    trees, birds = (Tag.objects.create(name=name) for name in ("trees", "birds"))
    for title, tags in (("spruces", [trees]), ("crossbills", [trees, birds]), ("tits & wrens", [birds])):
        Post.objects.create(title=title).tags.set(tags)
    Post.objects.create(title="a draft", published=False)
    click.echo("prepared")
