"""Follows docs/guides/django.md to the letter, in the folder that it is started in, and visits the site.

guide.py PAGE NAME   prints what does not work; nothing: all does. NAME is the folder's, where the page says `shop`

Indented lines are commands, a block after `FILE`: is that file, and a block of YAML is what `tandem init` has written.
"""

import json
import re
import ssl
import subprocess
import sys
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

PATIENCE_SECONDS = 120
PASSWORD = "Tr0ub4dor-x9"
name = sys.argv[2]


def command(line):
    if line.startswith("mkdir "):
        return
    # Nobody sits at a terminal: the way that the page has for scripts.
    line = re.sub(r"-- (python3 manage.py createsuperuser)$",
                  rf"-- env DJANGO_SUPERUSER_PASSWORD={PASSWORD} \1 --noinput --username ann --email a@example.com", line)
    line = re.sub(r"\bshop\b", name, line)
    outcome = subprocess.run(
        line, shell=True, capture_output=True, text=True, timeout=PATIENCE_SECONDS, stdin=subprocess.DEVNULL)
    if outcome.returncode != 0:
        sys.exit(f"{line}: status {outcome.returncode}\n{outcome.stdout}\n{outcome.stderr}")


def put(path, text):
    subprocess.run(["mkdir", "-p", "--", re.sub("[^/]*$", "", path) or "."], check=True)
    with open(path, "w") as out:
        out.write(text)


def add(path, item, to, text):
    with open(path) as file:
        settings = file.read()
    changed = settings.replace(f"{to} = [", f"{to} = [\n    {item}", 1)
    if changed == settings:
        print(f"{path} has no {to}")
    put(path, changed + "\n" + text)


def compare(text):
    with open("tandem.yaml") as file:
        written = {line.rstrip() for line in file}
    for line in text.splitlines():
        if line.strip() and line not in written:
            print(f"tandem init does not write the page's line: {line}")


def follow(page):
    body = page[page.index("## The app"):]
    for part in re.finditer(
            r"^    (?P<command>\S[^\n]*)$|(?P<before>^[^\n]*\n\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```", body,
            re.MULTILINE | re.DOTALL):
        if part["command"]:
            command(part["command"])
            continue
        before = part["before"] or ""
        file = re.fullmatch(r"`([^`]+)`:\n\n", before)
        addition = re.fullmatch(r"In `([^`]+)` add `([^`]+)` to `([^`]+)`, and at the end:\n\n", before)
        if file:
            put(file[1], part["text"])
        elif addition:
            add(*addition.groups(), part["text"])
        elif part["kind"] == "yaml":
            compare(part["text"])
        else:
            print(f"what is this block for? {before}{part['text']}")


def visit():
    status = subprocess.run(["tandem", "status", "--format", "json"], capture_output=True, text=True, check=True)
    url = json.loads(status.stdout)["url"]
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    opener = urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=context), urllib.request.HTTPCookieProcessor(CookieJar()))

    def ask(path, **fields):
        data = urllib.parse.urlencode(fields).encode() if fields else None
        request = urllib.request.Request(url + path, data, {"Referer": url + path})
        with opener.open(request, timeout=PATIENCE_SECONDS) as answer:
            return answer.read().decode()

    def submit(path, **fields):
        token = re.search('csrfmiddlewaretoken" value="([^"]*)', ask(path))[1]
        return ask(path, csrfmiddlewaretoken=token, **fields)

    submit("/", text="Grüße")
    # Not two: where the balancers take turns, every second request goes to the same server.
    pages = [ask("/") for _ in range(20)]
    if not all("Grüße" in page for page in pages):
        print("a note is not on every page")
    hosts = {re.search("This page is from ([a-z0-9]+)", page)[1] for page in pages}
    if hosts != {"server1", "server2"}:
        print(f"the pages are from {hosts}")
    submit("/admin/login/", username="ann", password=PASSWORD, next="/admin/")
    if not all("Grüße" in ask("/admin/notes/note/") for _ in range(8)):
        print("the login to the admin does not hold on both servers")
    if "body" not in ask("/static/admin/css/base.css"):
        print("nginx does not serve the style sheet")


with open(sys.argv[1]) as file:
    follow(file.read())
visit()
