"""One module per resource. ``procession.http.app`` lists every route."""
