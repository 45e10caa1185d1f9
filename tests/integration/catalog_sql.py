#!/usr/bin/python3
"""Runs SQL on a collector's SQLite file: catalog_sql.py FILE STATEMENT...

Prints a line a row. Tables in parts (docs/catalog.md) can be read by their names; {transactions}
stands for the newest part, which can be written.
"""

import sqlite3
import sys


def names_of_parts(catalog):
    parts = {"flows": [], "transactions": [], "events": []}
    for table, name in catalog.execute("SELECT of_table, name FROM time_parts ORDER BY from_ns"):
        if table in parts:
            parts[table].append(name)
    return parts


def main():
    catalog = sqlite3.connect(sys.argv[1], timeout=20)
    parts = names_of_parts(catalog)
    for table, names in parts.items():
        rows = " UNION ALL ".join(f"SELECT * FROM main.{name}" for name in names)
        catalog.execute(f"CREATE TEMP VIEW {table} AS {rows or 'SELECT 0 WHERE FALSE'}")
    newest = {table: f"main.{names[-1]}" for table, names in parts.items() if names}
    for statement in sys.argv[2:]:
        for table, name in newest.items():
            statement = statement.replace("{" + table + "}", name)
        for row in catalog.execute(statement):
            print("|".join(map(str, row)))
    catalog.commit()


main()
