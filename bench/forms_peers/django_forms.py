"""Django's forms."""

import django
from contact import contact, serve_form
from django import forms
from django.conf import settings

settings.configure(USE_TZ=True)
django.setup()
serve_form(contact(forms))
