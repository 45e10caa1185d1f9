"""Makes the tables and one user; prints the user's token."""

import app  # noqa: F401
from django.contrib.auth.models import User
from django.core.management import call_command
from rest_framework.authtoken.models import Token

call_command("migrate", run_syncdb=True, verbosity=0)
user = User.objects.create_user("sensor")
print(Token.objects.create(user=user).key)
