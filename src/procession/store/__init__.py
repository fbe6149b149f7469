"""The only record of a job: tables, transactions and the journal written with them."""
