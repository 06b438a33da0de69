"""The settings of accounts and mail: who may log in and how, and how mails leave; `known` takes them in.

Names are Django's where it has them. Times are in seconds.
"""

from os import PathLike

from spruce.config.setting import Setting

__all__ = ["ACCOUNTS"]

_USERS = (
    Setting(
        "AUTH_USER_MODEL",
        (str, type),
        "spruce.auth.user.User",
        "The model of users, or its dotted name; it derives from AbstractUser, AbstractEmailUser or AbstractBaseUser.",
    ),
    Setting(
        "AUTHENTICATION_BACKENDS",
        (list, tuple),
        ["spruce.auth.backends.ModelBackend"],
        "Who says whether credentials are right and what a user may, asked in this order: objects or dotted names.",
    ),
    Setting(
        "PASSWORD_HASHERS",
        (list, tuple),
        [
            "spruce.auth.hashers.Argon2PasswordHasher",
            "spruce.auth.hashers.ScryptPasswordHasher",
            "spruce.auth.hashers.PBKDF2PasswordHasher",
            "spruce.auth.hashers.PBKDF2SHA1PasswordHasher",
            "spruce.auth.hashers.BCryptSHA256PasswordHasher",
            "spruce.auth.hashers.BCryptPasswordHasher",
            "spruce.auth.hashers.WerkzeugPasswordHasher",
        ],
        "Ways in which passwords are kept: the first for new ones, all for those that are there.",
    ),
    Setting(
        "AUTH_PASSWORD_VALIDATORS",
        (list, tuple),
        [
            {"NAME": "spruce.auth.passwords.MinimumLengthValidator"},
            {"NAME": "spruce.auth.passwords.UserAttributeSimilarityValidator"},
            {"NAME": "spruce.auth.passwords.CommonPasswordValidator"},
        ],
        "What a new password is looked at by: dicts with NAME and OPTIONS, or objects.",
    ),
    Setting("ADMIN_URL_PREFIX", str, "/admin", "The path below which the pages of the admin are; '' leaves them out."),
    Setting("AUTH_URL_PREFIX", str, "/accounts", "The path below which the pages of accounts are; '' leaves them out."),
    Setting(
        "AUTH_REGISTRATION",
        str,
        "closed",
        "Who may make an account: `closed` nobody, `confirm` who confirms an address by mail, `open` everybody.",
    ),
    Setting(
        "AUTH_TOKEN_SCOPES",
        (dict, list, tuple),
        None,
        "What people may let their tokens do: scopes, or a dict of scopes with names; None leaves the page out.",
    ),
    Setting("AUTH_TOTP", bool, False, "Whether people may let their log-in want a code from an app as well (TOTP)."),
    Setting(
        "AUTH_SECOND_FACTOR",
        object,
        "optional",
        "Who must have a second factor: `optional` nobody, `staff`, `required` everybody, or a callable of the user.",
    ),
    Setting("LOGIN_URL", str, None, "The path or endpoint of the log-in page; None is the one of spruce.auth."),
    Setting("LOGIN_REDIRECT_URL", str, "/", "The path or endpoint that a log-in leads to unless `next` says another."),
    Setting("LOGOUT_REDIRECT_URL", str, None, "The path or endpoint behind a log-out; None shows a page that says so."),
    Setting("PASSWORD_RESET_TIMEOUT", int, 3600, "Seconds that links for a new password, and to confirm, count."),
)

_TRIES = (
    Setting(
        "AUTH_THROTTLE_CACHE_ALIAS",
        str,
        "default",
        "The cache that counts failed log-ins; in production one that all workers share.",
    ),
    Setting("AUTH_THROTTLE_FREE", int, 5, "Failed log-ins of one client to one account before each has to wait."),
    Setting(
        "AUTH_THROTTLE_CLIENT", int, 50, "Failed log-ins of one client to all accounts in an hour before it waits."
    ),
    Setting(
        "AUTH_THROTTLE_ACCOUNT",
        int,
        100,
        "Failed log-ins to one account in an hour by browsers that never logged in to it, before such have to wait.",
    ),
    Setting("AUTH_AUDIT", bool, True, "Whether log-ins, log-outs and changes of accounts are written into a table."),
)

_MAIL = (
    Setting(
        "EMAIL_BACKEND",
        (str, type),
        None,
        "How mails leave: `smtp`, `console`, `file`, `memory`, `dummy`, or your class's dotted name; None is `memory` "
        "when TESTING, `smtp` where EMAIL_HOST is set, else `console`.",
    ),
    Setting("EMAIL_HOST", str, "", "The server that mails are given to."),
    Setting("EMAIL_PORT", int, None, "Its port; None is 465 with EMAIL_USE_SSL, 587 with EMAIL_USE_TLS, else 25."),
    Setting("EMAIL_HOST_USER", str, "", "The name to log in to it with; empty doesn't."),
    Setting("EMAIL_HOST_PASSWORD", str, "", "The password for that.", secret=True),
    Setting("EMAIL_USE_TLS", bool, False, "Whether the connection turns to TLS before anything is sent (STARTTLS)."),
    Setting("EMAIL_USE_SSL", bool, False, "Whether the connection is TLS from its first byte."),
    Setting("EMAIL_TIMEOUT", (int, float), 30, "Seconds that each step with the server may take."),
    Setting("EMAIL_SSL_CAFILE", (str, PathLike), None, "Certificates to trust instead of the system's; a PEM file."),
    Setting("EMAIL_SSL_CERTFILE", (str, PathLike), None, "The certificate that this side shows; a PEM file."),
    Setting("EMAIL_SSL_KEYFILE", (str, PathLike), None, "The key of that certificate."),
    Setting(
        "EMAIL_FILE_PATH",
        (str, PathLike),
        None,
        "The folder for the backend `file`; None is `mails` in the instance's.",
    ),
    Setting("EMAIL_SUBJECT_PREFIX", str, "", "Goes before the subject of mails to ADMINS and MANAGERS: `[Shop] `."),
    Setting("DEFAULT_FROM_EMAIL", str, "webmaster@localhost", "Who mails are from: `Shop <shop@example.com>`."),
    Setting("SERVER_EMAIL", str, "root@localhost", "Who mails to ADMINS and MANAGERS are from."),
    Setting("ADMINS", (list, tuple), [], "Who gets `mail_admins`: addresses, or pairs of a name and an address."),
    Setting("MANAGERS", (list, tuple), [], "Who gets `mail_managers`, likewise."),
)

ACCOUNTS = (*_USERS, *_TRIES, *_MAIL)
"""All of them."""
