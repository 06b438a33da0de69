"""Spruce's forms."""

from contact import contact, serve_form

from spruce import forms

serve_form(contact(forms))
