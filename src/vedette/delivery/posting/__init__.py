"""HTTP as webhooks need it: POST, one call at a time on a connection, connections kept, every address judged.

A general client costs more for each call than all the rest of a delivery; this one writes the request in one piece and
looks at no more of the answer than its status (decision 0048).
"""
