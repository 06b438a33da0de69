"""The model of users where the program has none of its own."""

from spruce.auth.users import AbstractUser

__all__ = ["User"]


class User(AbstractUser):
    """A user with a name and a password; AUTH_USER_MODEL may say another model."""

    class Meta:  # noqa: D106 - options of the model, which the model's docstring is for
        db_table = "auth_user"
