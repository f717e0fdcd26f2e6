"""Talks to the sandbox GP with pytds, a client nobody here wrote, and prints what it saw as JSON.

usage: pytds_client.py HOST PORT USER PASSWORD CA_FILE ANOTHER_CA_FILE
"""

import datetime
import decimal
import json
import sys

import pytds


def connect(host, port, user, password, **more):
    return pytds.connect(
        dsn=host, port=int(port), user=user, password=password, database="TWO", login_timeout=20, **more
    )


def one(cursor, sql):
    cursor.execute(sql)
    return cursor.fetchone()


def error_of(act):
    """The number and the words of the error an act raises."""
    try:
        act()
    except pytds.Error as error:
        return [getattr(error, "number", None), str(error)]
    return None


def roll_back(connection, cursor):
    """Rows seen inside a transaction that is rolled back, and after it."""
    cursor.execute("INSERT INTO SY03000 (SHIPMTHD) VALUES ('PYTDS')")
    count = "SELECT COUNT(*) FROM SY03000 WHERE SHIPMTHD = 'PYTDS'"
    inside = one(cursor, count)[0]
    connection.rollback()
    return [inside, one(cursor, count)[0]]


def number(cursor):
    """The next number of STDORD and the state, by OUTPUT parameters."""
    answer = cursor.callproc(
        "taGetSopNumber",
        {
            "@I_tSOPTYPE": 2,
            "@I_cDOCID": "STDORD",
            "@I_tInc_Dec": 1,
            "@O_vSopNumber": pytds.output(param_type="varchar(21)"),
            "@O_iErrorState": pytds.output(param_type="int"),
        },
    )
    return list(answer)[-2:]


def line(cursor, document, quantity):
    """What eConnect answers to a line: return code, state, codes."""
    answer = cursor.callproc(
        "taSopLineIvcInsert",
        {
            "@I_vSOPTYPE": 2,
            "@I_vSOPNUMBE": document,
            "@I_vDOCID": "STDORD",
            "@I_vCUSTNMBR": "WEBCUST",
            "@I_vDOCDATE": datetime.datetime(2026, 11, 25),
            "@I_vITEMNMBR": "HA100G",
            "@I_vLOCNCODE": "WAREHOUSE",
            "@I_vQUANTITY": decimal.Decimal(quantity),
            "@I_vUNITPRCE": decimal.Decimal("12.35"),
            "@I_vXTNDPRCE": decimal.Decimal("49.39"),
            "@I_vCURNCYID": "Z-US$",
            "@O_iErrorState": pytds.output(param_type="int"),
            "@oErrString": pytds.output(param_type="varchar(255)"),
        },
    )
    return [cursor.get_proc_return_status(), *list(answer)[-2:]]


def exact(cursor):
    """An amount and a moment, sent as parameters and read back, and a line as it was stored."""
    amount, moment = decimal.Decimal("12345678901234.56789"), "2026-11-25T13:14:15.677"
    sql = "SELECT CAST(%s AS numeric(19,5)), CAST(%s AS datetime)"
    cursor.execute(sql, (amount, moment))
    back = cursor.fetchone()
    sql = "SELECT XTNDPRCE, QUANTITY, LNITMSEQ FROM SOP10200 WHERE SOPNUMBE = 'PYTDS1'"
    stored = one(cursor, sql)
    return {
        "amount": back[0] == amount,
        "moment": back[1].isoformat(timespec="milliseconds"),
        "line": [str(stored[0]), str(stored[1]), stored[2]],
    }


def observe(connection):
    """All that is done on one connection."""
    cursor = connection.cursor()
    company = "SELECT RTRIM(CMPNYNAM), CMPANYID FROM DYNAMICS..SY01500 WHERE INTERID = 'TWO'"
    seen = {
        "company": list(one(cursor, company)),
        "rolled_back": roll_back(connection, cursor),
        "number": number(cursor),
        "line": line(cursor, "PYTDS1", "4"),
        "exact": exact(cursor),
        "refused_line": line(cursor, "PYTDS2", "5"),
        "error": error_of(lambda: cursor.execute("SELECT NOTHING FROM SOP10100")),
    }
    connection.rollback()
    left = "SELECT COUNT(*) FROM SOP10200 WHERE SOPNUMBE LIKE 'PYTDS%'"
    seen["left"] = one(cursor, left)[0]
    return seen


def main():
    host, port, user, password, authority, stranger = sys.argv[1:]
    seen = {"wrong_password": error_of(lambda: connect(host, port, user, "wrong"))}
    try:
        connect(host, port, user, password, cafile=stranger, validate_host=False).close()
        seen["stranger"] = "trusted"
    except Exception as error:  # pyOpenSSL's own
        seen["stranger"] = type(error).__name__
    encrypted = {"cafile": authority, "validate_host": False}
    for name, more in {"plain": {}, "tls": encrypted}.items():
        with connect(host, port, user, password, **more) as connection:
            seen[name] = observe(connection)
    print(json.dumps(seen))


main()
