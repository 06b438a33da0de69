"""A Flask application as its users write them; tests serve it unchanged."""

import io

from flask import (
    Flask,
    Response,
    abort,
    flash,
    get_flashed_messages,
    jsonify,
    redirect,
    render_template_string,
    request,
    send_file,
    session,
    stream_with_context,
    url_for,
)

app = Flask(__name__)
app.secret_key = "of the test"
closed = []


@app.route("/")
def index():
    page = "<h1>{{ url }}</h1>{% for text in get_flashed_messages() %}<p>{{ text }}</p>{% endfor %}"
    return render_template_string(page, url=url_for("index"), get_flashed_messages=get_flashed_messages)


@app.route("/login", methods=["POST"])
def login():
    session["user"] = request.form["user"]
    flash(f"Welcome, {request.form['user']}")
    return redirect(url_for("index"))


@app.route("/user")
def user():
    return jsonify(user=session.get("user"), script=request.script_root, path=request.path, url=request.url)


@app.route("/upload", methods=["POST"])
def upload():
    file = request.files["file"]
    return jsonify(name=file.filename, size=len(file.read()), note=request.form["note"])


@app.route("/raw", methods=["PUT"])
def raw():
    return str(sum(len(piece) for piece in iter(lambda: request.stream.read(4096), b"")))


@app.route("/stream")
def stream():
    @stream_with_context
    def pieces():
        try:
            for number in range(3):
                yield f"{request.path} {number}\n"
        finally:
            closed.append(request.path)

    return Response(pieces(), mimetype="text/plain")


@app.route("/closed")
def count():
    return jsonify(closed)


@app.route("/file")
def file():
    return send_file(io.BytesIO(b"0123456789"), mimetype="application/x-digits", conditional=True)


@app.route("/gone")
def gone():
    abort(410)


@app.route("/broken")
def broken():
    return 1 / 0


@app.errorhandler(410)
def explain(error):
    return "It has gone for good.", 410
