"""Decides on requests as AWS's policy language says: actions, resources, conditions, explicit denials.

Source: the IAM user guide, "Policy evaluation logic" and "JSON policy element reference". What it does not know (an operator,
an element) is an error, never a silent "no".
"""

import datetime
import ipaddress
import re
from dataclasses import dataclass, field

ALLOWED, DENIED, NOT_ALLOWED = "allowed", "denied", "not allowed"


@dataclass
class Request:
    action: str  # "s3:GetObject"
    resource: str = "*"  # an ARN; "*" for actions without resources
    context: dict = field(default_factory=dict)  # condition key -> value or list of values
    principal: str = ""  # for policies of resources: an ARN, an account, "service.amazonaws.com"; "": nobody known


def as_list(value):
    return value if isinstance(value, list) else [value]


def matches_glob(pattern, text, ignore_case=False):
    """ "*" any number of characters, "?" one."""
    parts = re.split(r"([*?])", pattern)
    expression = "".join({"*": ".*", "?": "."}.get(part) or re.escape(part) for part in parts)
    return re.fullmatch(expression, text, re.DOTALL | (re.IGNORECASE if ignore_case else 0)) is not None


def matches_arn(pattern, arn):
    """Part by part: a wildcard does not reach over the first five colons."""
    if pattern == "*":
        return True
    wanted, given = pattern.split(":", 5), arn.split(":", 5)
    return len(wanted) == len(given) and all(map(matches_glob, wanted, given))


def lookup(context, key):
    """The values of a key, whose name knows no case; None when the request has none."""
    for name, value in context.items():
        if name.lower() == key.lower():
            return [str(v).lower() if isinstance(v, bool) else str(v) for v in as_list(value)]
    return None


def with_variables(text, context):
    """Replaces ${key}, ${key, 'default'} and ${$}. None: a value is missing, and nothing matches."""
    missing = False

    def replace(match):
        nonlocal missing
        name, _, default = match[1].partition(",")
        if name == "$":
            return name
        values = lookup(context, name.strip())
        if values is None and not default:
            missing = True
            return ""
        return values[0] if values else default.strip().strip("'")

    if "${*}" in text or "${?}" in text:
        raise ValueError(f"escaped wildcards are not known here: {text}")
    replaced = re.sub(r"\$\{([^}]*)\}", replace, text)
    return None if missing else replaced


def moment(text):
    if re.fullmatch(r"\d+", text):
        return datetime.datetime.fromtimestamp(int(text), datetime.timezone.utc)
    parsed = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=datetime.timezone.utc)


def in_network(address, network):
    return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)


def compare(convert, test):
    return lambda wanted, given: test(convert(given), convert(wanted))


# Positive operators; each takes (value of the policy, value of the request).
OPERATORS = {
    "StringEquals": lambda wanted, given: wanted == given,
    "StringEqualsIgnoreCase": lambda wanted, given: wanted.lower() == given.lower(),
    "StringLike": matches_glob,
    "ArnEquals": matches_arn,  # the two are the same
    "ArnLike": matches_arn,
    "Bool": lambda wanted, given: wanted.lower() == given.lower(),
    "IpAddress": lambda wanted, given: in_network(given, wanted),
    "BinaryEquals": lambda wanted, given: wanted == given,
}
for prefix, conversion in (("Numeric", float), ("Date", moment)):
    OPERATORS[prefix + "Equals"] = compare(conversion, lambda a, b: a == b)
    OPERATORS[prefix + "LessThan"] = compare(conversion, lambda a, b: a < b)
    OPERATORS[prefix + "LessThanEquals"] = compare(conversion, lambda a, b: a <= b)
    OPERATORS[prefix + "GreaterThan"] = compare(conversion, lambda a, b: a > b)
    OPERATORS[prefix + "GreaterThanEquals"] = compare(conversion, lambda a, b: a >= b)
NEGATIVE = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
}


def key_holds(operator, key, wanted, context):
    """One operator over one key: any of the policy's values suffices, of a negative operator none may match."""
    given = lookup(context, key)
    wanted = [str(v).lower() if isinstance(v, bool) else str(v) for v in as_list(wanted)]
    if operator == "Null":
        return any((value.lower() == "true") == (given is None) for value in wanted)
    quantifier, _, name = operator.rpartition(":")
    if_exists = name.endswith("IfExists")
    name = name[: -len("IfExists")] if if_exists else name
    negative = name in NEGATIVE
    test = OPERATORS.get(NEGATIVE.get(name, name))
    if test is None or quantifier not in ("", "ForAllValues", "ForAnyValue"):
        raise ValueError(f"unknown operator {operator}")
    wanted = [value for value in (with_variables(value, context) for value in wanted) if value is not None]
    if given is None:
        return if_exists or quantifier == "ForAllValues" or (negative and quantifier == "")
    one = lambda value: any(test(w, value) for w in wanted) != negative  # noqa: E731
    return (
        all(map(one, given))
        if quantifier == "ForAllValues" or (negative and quantifier == "")
        else any(map(one, given))
    )


def conditions_hold(conditions, context):
    return all(
        key_holds(operator, key, wanted, context)
        for operator, keys in (conditions or {}).items()
        for key, wanted in keys.items()
    )


def names_action(statement, action):
    if "NotAction" in statement:
        return not any(matches_glob(p, action, True) for p in as_list(statement["NotAction"]))
    return any(matches_glob(p, action, True) for p in as_list(statement["Action"]))


def names_resource(statement, request):
    def any_of(patterns):
        resolved = (with_variables(pattern, request.context) for pattern in as_list(patterns))
        return any(pattern is not None and matches_arn(pattern, request.resource) for pattern in resolved)

    if "NotResource" in statement:
        return not any_of(statement["NotResource"])
    if "Resource" not in statement:
        raise ValueError(f"a statement without Resource: {statement}")
    return any_of(statement["Resource"])


def names_principal(statement, principal):
    """Policies of roles have none, and speak of their role."""
    for element in ("Principal", "NotPrincipal"):
        if element in statement:
            value = statement[element]
            named = [value] if isinstance(value, str) else [v for group in value.values() for v in as_list(group)]
            return ("*" in named or principal in named) == (element == "Principal")
    return True


KNOWN_ELEMENTS = {
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
}


def applies(statement, request):
    unknown = set(statement) - KNOWN_ELEMENTS
    if unknown or statement.get("Effect") not in ("Allow", "Deny"):
        raise ValueError(f"unknown in a statement: {unknown or statement.get('Effect')}")
    return (
        names_principal(statement, request.principal)
        and names_action(statement, request.action)
        and names_resource(statement, request)
        and conditions_hold(statement.get("Condition"), request.context)
    )


def decide(policies, request):
    """`policies`: documents. An explicit Deny wins over every Allow; without an Allow nothing is allowed."""
    effects = {
        statement["Effect"]
        for policy in policies
        for statement in as_list(policy["Statement"])
        if applies(statement, request)
    }
    return DENIED if "Deny" in effects else ALLOWED if "Allow" in effects else NOT_ALLOWED
