"""The OT values of the oracle as facts: {oracle key: {fact: number or dict}}.

Most keys are that already. Lists become dicts: rows named by `appid_ref` (GOOSE) give one fact per
column, plain texts (ENIP identities) give the fact "names" with how often each is listed.
"""


def facts_of_list(rows):
    facts = {}
    for row in rows:
        if isinstance(row, dict):
            name = row["appid_ref"]
            for column, value in row.items():
                if column != "appid_ref":
                    facts.setdefault(column, {})[name] = value
        else:
            names = facts.setdefault("names", {})
            names[row] = names.get(row, 0) + 1
    return facts


def ot_facts(expected):
    return {key: facts_of_list(value) if isinstance(value, list) else value
            for key, value in expected["ot"].items()}
