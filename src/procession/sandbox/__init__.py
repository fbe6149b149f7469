"""Documents are opened here only: in children that hold no secret, write no file and reach no network."""
