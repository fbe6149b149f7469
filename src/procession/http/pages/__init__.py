"""The pages: what a supplier, a couple and an operator see. Server-rendered, live through small fragments."""
