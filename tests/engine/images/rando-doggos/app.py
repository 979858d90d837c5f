"""A page with the name of a dog, another one each time."""

import random

from flask import Flask

DOGS = ["Bella", "Bo", "Gary", "Phineas", "Stephan", "Tessa"]

app = Flask(__name__)


@app.route("/")
def dog():
    return f"<!doctype html><title>rando-doggos</title><p>{random.choice(DOGS)} is a good dog."


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)
