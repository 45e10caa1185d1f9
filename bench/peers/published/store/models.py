"""What is kept: capture files in a folder, events in a table."""

from django.contrib.auth.models import User
from django.db import models


class Capture(models.Model):
    owner = models.ForeignKey(User, on_delete=models.CASCADE)
    file = models.FileField(upload_to="captures/")
    size = models.BigIntegerField()
    received = models.DateTimeField(auto_now_add=True)


class Event(models.Model):
    owner = models.ForeignKey(User, on_delete=models.CASCADE)
    eventid = models.CharField(max_length=100)
    timestamp = models.DateTimeField(db_index=True)
    src_ip = models.GenericIPAddressField(db_index=True)
    src_port = models.IntegerField(null=True)
    dst_port = models.IntegerField(null=True)
    session = models.CharField(max_length=64, blank=True, db_index=True)
    username = models.CharField(max_length=255, blank=True)
    password = models.CharField(max_length=255, blank=True)
    message = models.TextField(blank=True)
    received = models.DateTimeField(auto_now_add=True)
