"""A journal of several authors, as it is written for Flask and Flask-SQLAlchemy; Spruce runs it with other imports."""

from datetime import UTC, datetime

from flask import Blueprint, Flask, abort, flash, jsonify, redirect, render_template_string, request, session, url_for
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, selectinload

db = SQLAlchemy()

tagging = db.Table(
    "tagging",
    db.Column("post_id", db.ForeignKey("post.id"), primary_key=True),
    db.Column("tag_id", db.ForeignKey("tag.id"), primary_key=True),
)


class Author(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(40), unique=True, nullable=False)
    kind = db.Column(db.String(20), default="author")
    posts = db.relationship("Post", back_populates="author", cascade="all, delete-orphan")
    letters = db.relationship("LetterToEditor", backref="author", lazy="dynamic")
    __mapper_args__ = {"polymorphic_on": kind, "polymorphic_identity": "author"}  # noqa: RUF012 - as SQLAlchemy has it


class Editor(Author):  # no table of its own
    __mapper_args__ = {"polymorphic_identity": "editor"}  # noqa: RUF012 - as SQLAlchemy has it


class Columnist(Author):  # a table of its own, joined to the author's
    id = db.Column(db.ForeignKey("author.id"), primary_key=True)
    column = db.Column(db.String(20))
    __mapper_args__ = {"polymorphic_identity": "columnist"}  # noqa: RUF012 - as SQLAlchemy has it


class Post(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(db.String(80))
    body: Mapped[str | None]
    made: Mapped[datetime] = mapped_column(default=lambda: datetime(2024, 1, 1, tzinfo=UTC).replace(tzinfo=None))
    author_id: Mapped[int] = mapped_column(db.ForeignKey("author.id"))
    author: Mapped[Author] = db.relationship(back_populates="posts")
    tags: Mapped[list["Tag"]] = db.relationship(secondary=tagging, backref="posts", order_by="Tag.name")


class Tag(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(20), unique=True)


class LetterToEditor(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    text = db.Column(db.Text)
    author_id = db.Column(db.ForeignKey(Author.id))


class Visit(db.Model):
    __bind_key__ = "visits"
    id = db.Column(db.Integer, primary_key=True)
    path = db.Column(db.String(100))


PAGE = """{% for post in page %}{{ post.title }} by {{ post.author.name }}
[{% for tag in post.tags %}{{ tag.name }} {% endfor %}]
{% endfor %}{{ page.page }}/{{ page.pages }} of {{ page.total }}
{{ page.first }}-{{ page.last }} {{ page.has_prev }} {{ page.next_num }}
{% for number in page.iter_pages(left_edge=1, right_edge=1, left_current=0, right_current=1) %}
{{ number or "…" }}{% endfor %}
{% for message in get_flashed_messages() %}{{ message }}{% endfor %}"""


pages = Blueprint("pages", __name__)


@pages.before_app_request
def count_visit():
    if request.path.startswith("/posts"):
        db.session.add(Visit(path=request.path))
        db.session.commit()


@pages.get("/posts")
def posts():
    statement = db.select(Post).order_by(Post.id.desc()).options(selectinload(Post.tags))
    return render_template_string(PAGE, page=db.paginate(statement, per_page=3, max_per_page=5))


@pages.get("/posts/<int:key>")
def post(key):
    found = db.get_or_404(Post, key, description=f"no post {key}")
    return jsonify(title=found.title, author=found.author.name, tags=[tag.name for tag in found.tags])


@pages.post("/posts")
def write():
    author = Author.query.filter_by(name=request.form["author"]).first_or_404()
    names = request.form.getlist("tag")
    tags = [db.session.scalar(db.select(Tag).filter_by(name=name)) or Tag(name=name) for name in names]
    made = Post(title=request.form["title"], author=author, tags=tags)
    db.session.add(made)
    db.session.commit()
    flash(f"wrote {made.title}")
    session["last"] = made.id
    return redirect(url_for("pages.post", key=made.id))


@pages.post("/authors")
def enter():
    kind = {"editor": Editor, "columnist": Columnist}.get(request.form.get("kind"), Author)
    author = kind(name=request.form.get("name"))
    db.session.add(author)
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        return {"error": "taken or missing", "authors": Author.query.count()}, 409
    author.letters.append(LetterToEditor(text="hello"))
    db.session.commit()
    return {"id": author.id, "kind": author.kind, "shown": repr(author), "letters": author.letters.count()}, 201


@pages.delete("/authors/<name>")
def leave(name):
    author = db.one_or_404(db.select(Author).filter_by(name=name))
    author.letters.delete()
    db.session.delete(author)
    db.session.commit()
    return {"posts": db.session.scalar(db.select(db.func.count()).select_from(Post))}


@pages.get("/authors")
def authors():
    listed = Author.query.order_by(Author.name).paginate(page=1, per_page=2, error_out=False)
    pairs = db.session.execute(
        db.select(Author.name, db.func.count(Post.id)).outerjoin(Author.posts).group_by(Author.id).order_by("name")
    )
    return {
        "page": [[author.name, type(author).__name__] for author in listed],
        "counts": [list(pair) for pair in pairs],
        "columnists": [each.name for each in Columnist.query],
        "total": listed.total,
    }


@pages.get("/half")
def half():
    db.session.add(Author(name="half"))
    db.session.flush()
    abort(500)


@pages.get("/tables")
def tables():
    return {
        "default": sorted(db.metadata.tables),
        "visits": sorted(db.metadatas["visits"].tables),
        "engines": sorted(str(key) for key in db.engines),
        "found": sorted(db.inspect(db.engine).get_table_names()),
        "visited": db.session.scalar(db.select(db.func.count()).select_from(Visit)),
    }


def create_app(uri="sqlite://", visits="sqlite://"):
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = uri
    app.config["SQLALCHEMY_BINDS"] = {"visits": visits}
    app.config["SECRET_KEY"] = "not secret"
    db.init_app(app)
    app.register_blueprint(pages)
    with app.app_context():
        db.create_all()
    return app


class Base(DeclarativeBase):
    pass


modern = SQLAlchemy(model_class=Base)


class BlogEntry(modern.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
