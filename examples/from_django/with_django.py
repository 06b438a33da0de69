"""A blog for Django: posts with tags and comments, a search, a form, an API, a middleware and a command."""

import os

import django
from django.apps import AppConfig
from django.conf import settings
from django.core.management.base import BaseCommand
from django.core.paginator import Paginator
from django.db import connection, models, transaction
from django.db.models import Count, F, Max, Q
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.views import View

LAYOUT = """<!doctype html>
<title>{% block title %}A blog{% endblock %}</title>
{% block content %}{% endblock %}
<footer>{{ footer }}</footer>
"""
INDEX = """{% extends "layout.html" %}
{% block content %}<ul>{% for post in posts %}
<li><a href="{% url 'show' pk=post.pk %}">{{ post.title }}</a>, {{ post.n }} comments
{% for tag in post.tags.all %} #{{ tag.name }}{% endfor %}</li>{% empty %}<li>Nothing.</li>{% endfor %}
</ul>
<p>Page {{ posts.number }} of {{ posts.paginator.num_pages }}</p>{% endblock %}
"""
SHOW = """{% extends "layout.html" %}
{% block title %}{{ post.title }}{% endblock %}
{% block content %}<h1>{{ post.title|title }}</h1>
<p>{{ post.text|default:"No text yet" }}</p>{% for comment in post.comments.all %}
<blockquote>{{ comment.text }} <cite>{{ comment.author }}</cite></blockquote>{% endfor %}
{% if error %}<p class="error">{{ error }}</p>{% endif %}{% endblock %}
"""


def footer(request):
    return {"footer": f"{Post.objects.published().count()} posts"}


class Blog(AppConfig):
    name = __name__
    label = "blog"
    path = "."


settings.configure(
    SECRET_KEY="for the example",  # noqa: S106 - it signs nothing here
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=[f"{__name__}.Blog"],
    MIDDLEWARE=[f"{__name__}.NoZero"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ.get("BLOG", "blog.db")}},
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "loaders": [
                    (
                        "django.template.loaders.locmem.Loader",
                        {"layout.html": LAYOUT, "index.html": INDEX, "show.html": SHOW},
                    )
                ],
                "context_processors": [f"{__name__}.footer"],
            },
        }
    ],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
)
django.setup()


class Tag(models.Model):
    name = models.CharField(max_length=30, unique=True)

    class Meta:
        app_label = "blog"
        ordering = ["name"]


class PostQuerySet(models.QuerySet):
    def published(self):
        return self.filter(published=True)


class Post(models.Model):
    title = models.CharField(max_length=80)
    text = models.TextField(blank=True, default="")
    published = models.BooleanField(default=True)
    views = models.IntegerField(default=0)
    written = models.DateTimeField(auto_now_add=True)
    tags = models.ManyToManyField(Tag, related_name="posts")
    objects = PostQuerySet.as_manager()

    class Meta:
        app_label = "blog"
        ordering = ["-pk"]


class Comment(models.Model):
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="comments")
    author = models.CharField(max_length=40)
    text = models.TextField()

    class Meta:
        app_label = "blog"


class NoZero:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        if kwargs.get("pk") == 0:
            return HttpResponse("There is no number zero.", status=410)
        return None


def index(request):
    posts = Post.objects.published().annotate(n=Count("comments")).prefetch_related("tags").order_by("-pk")
    if q := request.GET.get("q"):
        posts = posts.filter(Q(title__icontains=q) | Q(tags__name=q)).distinct()
    page = Paginator(posts, 2).get_page(request.GET.get("page"))
    return render(request, "index.html", {"posts": page})


def show(request, pk):
    post = get_object_or_404(Post.objects.published(), pk=pk)
    error = None
    if request.method == "POST":
        if request.POST.get("author") and request.POST.get("text"):
            post.comments.create(author=request.POST["author"], text=request.POST["text"])
            return HttpResponseRedirect(reverse("show", kwargs={"pk": pk}))
        error = "Who are you, and what do you say?"
    Post.objects.filter(pk=pk).update(views=F("views") + 1)
    return render(request, "show.html", {"post": post, "error": error}, status=400 if error else 200)


def statistics(request):
    tags = Tag.objects.annotate(n=Count("posts")).filter(n__gt=0).order_by("-n", "name")
    return JsonResponse(
        {
            "tags": list(tags.values("name", "n")),
            "most_viewed": Post.objects.aggregate(Max("views"))["views__max"],
            "newest": Post.objects.values_list("title", flat=True).first(),
        }
    )


class PostView(View):
    def get(self, request, pk):
        post = get_object_or_404(Post, pk=pk)
        return JsonResponse({"title": post.title, "tags": [tag.name for tag in post.tags.all()]})

    def delete(self, request, pk):
        with transaction.atomic():
            get_object_or_404(Post, pk=pk).delete()
        return HttpResponse(status=204)


urlpatterns = [
    path("", index, name="index"),
    path("posts/<int:pk>/", show, name="show"),
    path("statistics", statistics),
    path("api/posts/<int:pk>", PostView.as_view()),
]


class Command(BaseCommand):
    def handle(self, **options):
        with connection.schema_editor() as editor:
            for model in (Tag, Post, Comment):
                editor.create_model(model)
        trees, birds = (Tag.objects.create(name=name) for name in ("trees", "birds"))
        for title, tags in (("spruces", [trees]), ("crossbills", [trees, birds]), ("tits & wrens", [birds])):
            Post.objects.create(title=title).tags.set(tags)
        Post.objects.create(title="a draft", published=False)
        self.stdout.write("prepared")
