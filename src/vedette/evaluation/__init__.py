"""How well a service sees: what it told of a clip against the truth, as figures and as a page.

Pure data goes in and out: who runs the service stands in `app`, and nothing here knows of models, clips or tasks.
"""
