"""The evaluator against the rules of the IAM user guide."""

import unittest

from iam import ALLOWED, DENIED, NOT_ALLOWED, Request, decide, matches_arn


def policy(*statements):
    return [
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", **s} for s in statements],
        }
    ]


def with_condition(operator, key, value):
    return policy({"Condition": {operator: {key: value}}})


def decision(policies, action="s3:GetObject", resource="arn:aws:s3:::bucket/key", principal="", **context):
    return decide(
        policies,
        Request(action, resource, {k.replace("__", ":").replace("_", "-"): v for k, v in context.items()}, principal),
    )


class Decisions(unittest.TestCase):
    def test_nothing_is_allowed_by_itself(self):
        self.assertEqual(decision([]), NOT_ALLOWED)

    def test_a_denial_wins(self):
        both = policy({"Action": "s3:*"}, {"Effect": "Deny", "Action": "s3:Get*"})
        self.assertEqual(decision(both), DENIED)
        self.assertEqual(decision(both, "s3:PutObject"), ALLOWED)
        self.assertEqual(decision(both, "ec2:RunInstances"), NOT_ALLOWED)

    def test_actions_know_no_case_and_wildcards(self):
        self.assertEqual(decision(policy({"Action": "S3:getobject"})), ALLOWED)
        self.assertEqual(decision(policy({"Action": "s3:Get?bject"})), ALLOWED)
        self.assertEqual(decision(policy({"Action": ["s3:Put*", "s3:GetObjectVersion"]})), NOT_ALLOWED)

    def test_not_action_and_not_resource(self):
        rest = [{"Statement": {"Effect": "Allow", "NotAction": "s3:Delete*", "Resource": "*"}}]
        self.assertEqual(decision(rest), ALLOWED)
        self.assertEqual(decision(rest, "s3:DeleteObject"), NOT_ALLOWED)
        others = [
            {"Statement": {"Effect": "Deny", "Action": "*", "NotResource": "arn:aws:s3:::bucket/*"}},
            {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}},
        ]
        self.assertEqual(decision(others), ALLOWED)
        self.assertEqual(decision(others, resource="arn:aws:s3:::other/key"), DENIED)

    def test_resources_are_matched_part_by_part(self):
        self.assertTrue(matches_arn("arn:aws:s3:::b/results/*", "arn:aws:s3:::b/results/a/b:c"))
        self.assertFalse(matches_arn("arn:aws:s3:::b/results/*", "arn:aws:s3:::b/result"))
        self.assertFalse(matches_arn("arn:aws:s3:::B/*", "arn:aws:s3:::b/x"))
        self.assertFalse(matches_arn("arn:aws:ec2:*:instance/*", "arn:aws:ec2:eu-north-1:1:instance/i-1"))
        self.assertFalse(matches_arn("arn:aws:s3:::b", "arn:aws:s3:::b/x"))
        self.assertTrue(matches_arn("*", "arn:aws:s3:::b"))

    def test_all_conditions_and_any_value(self):
        allowed = policy({"Condition": {"StringEquals": {"a": ["1", "2"], "b": "3"}}})
        self.assertEqual(decision(allowed, a="2", b="3"), ALLOWED)
        self.assertEqual(decision(allowed, a="2", b="4"), NOT_ALLOWED)
        self.assertEqual(decision(allowed, a="2"), NOT_ALLOWED)

    def test_operators(self):
        for operator, wanted, given, holds in [
            ("StringEquals", "x", "X", False),
            ("StringEqualsIgnoreCase", "x", "X", True),
            ("StringLike", "a*", "abc", True),
            ("StringNotEquals", "x", "y", True),
            ("StringNotEquals", ["x", "y"], "y", False),
            ("StringNotLike", "a*", "abc", False),
            ("ArnEquals", "arn:aws:iam::1:role/*", "arn:aws:iam::1:role/x", True),
            ("ArnNotLike", "arn:aws:iam::1:role/*", "arn:aws:iam::1:role/x", False),
            ("NumericLessThan", "10", "9", True),
            ("NumericLessThan", "10", "10", False),
            ("NumericGreaterThanEquals", 10, 10, True),
            ("NumericEquals", "1.0", "1", True),
            ("Bool", "false", False, True),
            ("Bool", "true", "false", False),
            ("DateLessThan", "2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z", True),
            ("DateGreaterThan", "2026-01-01T00:00:00Z", "1767225601", True),
            ("IpAddress", "10.0.0.0/8", "10.1.2.3", True),
            ("NotIpAddress", "10.0.0.0/8", "10.1.2.3", False),
        ]:
            with self.subTest(operator=operator, wanted=wanted, given=given):
                self.assertEqual(
                    decision(with_condition(operator, "key", wanted), key=given), ALLOWED if holds else NOT_ALLOWED
                )

    def test_absent_keys(self):
        for operator, holds in [
            ("StringEquals", False),
            ("StringNotEquals", True),
            ("StringEqualsIfExists", True),
            ("ForAllValues:StringEquals", True),
            ("ForAnyValue:StringEquals", False),
            ("ForAnyValue:StringNotEquals", False),
            ("Bool", False),
        ]:
            with self.subTest(operator=operator):
                self.assertEqual(decision(with_condition(operator, "key", "x")), ALLOWED if holds else NOT_ALLOWED)

    def test_null(self):
        self.assertEqual(decision(with_condition("Null", "key", "true")), ALLOWED)
        self.assertEqual(decision(with_condition("Null", "key", "true"), key="x"), NOT_ALLOWED)
        self.assertEqual(decision(with_condition("Null", "key", False), key="x"), ALLOWED)

    def test_several_values(self):
        every, some = with_condition("ForAllValues:StringEquals", "k", ["a", "b"]), with_condition(
            "ForAnyValue:StringEquals", "k", "a"
        )
        self.assertEqual(decision(every, k=["a", "b"]), ALLOWED)
        self.assertEqual(decision(every, k=["a", "c"]), NOT_ALLOWED)
        self.assertEqual(decision(some, k=["c", "a"]), ALLOWED)
        self.assertEqual(decision(some, k=["c"]), NOT_ALLOWED)

    def test_variables(self):
        home = policy({"Resource": "arn:aws:s3:::bucket/${aws:username}/*"})
        self.assertEqual(decision(home, resource="arn:aws:s3:::bucket/anna/x", aws__username="anna"), ALLOWED)
        self.assertEqual(decision(home, resource="arn:aws:s3:::bucket/anna/x", aws__username="bo"), NOT_ALLOWED)
        self.assertEqual(decision(home, resource="arn:aws:s3:::bucket//x"), NOT_ALLOWED)

    def test_principals(self):
        statement = policy({"Principal": {"Service": ["s3.amazonaws.com"]}})
        self.assertEqual(decision(statement, principal="s3.amazonaws.com"), ALLOWED)
        self.assertEqual(decision(statement, principal="ec2.amazonaws.com"), NOT_ALLOWED)

    def test_keys_know_no_case(self):
        self.assertEqual(
            decision(with_condition("Bool", "AWS:secureTransport", "true"), aws__SecureTransport=True), ALLOWED
        )

    def test_what_is_unknown_is_an_error(self):
        for bad in (
            with_condition("StringSounds", "k", "x"),
            with_condition("ForSome:StringEquals", "k", "x"),
            policy({"Effect": "Perhaps"}),
            policy({"Actoin": "*"}),
            policy({"Resource": "arn:aws:s3:::b/${*}"}),
        ):
            with self.assertRaises(ValueError):
                decision(bad, k="x")


if __name__ == "__main__":
    unittest.main()
