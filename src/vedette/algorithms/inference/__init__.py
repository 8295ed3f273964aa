"""Models at work: engines behind one face, pictures laid into their inputs. Imported by workers alone."""
