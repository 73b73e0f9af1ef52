"""A CloudFormation template as Python values, its functions computed with sample values: what a policy says once it is deployed."""

import re

import yaml

ACCOUNT, REGION, STACK = "123456789012", "eu-north-1", "transcriber"
PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::StackName": STACK,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::NoValue": None,
}
# Values for parameters without a default.
SAMPLES = {
    "VpcId": "vpc-0a",
    "Subnets": ["subnet-0a", "subnet-0b"],
    "CodeBucket": f"{STACK}-code-{ACCOUNT}-{REGION}",
    "CodeKey": "functions/0.zip",
    "BucketName": f"{STACK}-code-{ACCOUNT}-{REGION}",
}


class Loader(yaml.SafeLoader):
    pass


def construct(loader, suffix, node):
    name = suffix if suffix in ("Ref", "Condition") else "Fn::" + suffix
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        return {name: value.split(".", 1) if name == "Fn::GetAtt" else value}
    make = loader.construct_sequence if isinstance(node, yaml.SequenceNode) else loader.construct_mapping
    return {name: make(node, deep=True)}


Loader.add_multi_constructor("!", construct)


class Template:
    def __init__(self, path, parameters=None):
        with open(path, encoding="utf-8") as file:
            self.raw = yaml.load(file, Loader)
        self.resources = self.raw["Resources"]
        self.parameters = {}
        for name, declared in self.raw.get("Parameters", {}).items():
            value = (
                {**SAMPLES, **(parameters or {})}.get(name)
                if name in (parameters or {}) or "Default" not in declared
                else declared["Default"]
            )
            if value is None:
                raise ValueError(f"no sample value for the parameter {name}")
            is_list = declared["Type"].startswith(("List<", "Comma"))
            self.parameters[name] = value.split(",") if is_list and isinstance(value, str) else value

    def of_type(self, kind):
        """Logical name -> properties, computed."""
        return {name: self.properties(name) for name, resource in self.resources.items() if resource["Type"] == kind}

    def properties(self, name):
        return self.value(self.resources[name].get("Properties", {}))

    def condition(self, name):
        return self.value(self.raw["Conditions"][name])

    def value(self, node):
        if isinstance(node, list):
            return [v for v in map(self.value, node) if v is not None]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            name, argument = next(iter(node.items()))
            if name == "Ref" or name.startswith("Fn::"):
                return self.function(name, argument)
        return {key: v for key, v in ((k, self.value(n)) for k, n in node.items()) if v is not None}

    def function(self, name, argument):
        if name == "Ref":
            return self.ref(argument)
        if name == "Fn::GetAtt":
            return self.attribute(*argument)
        if name == "Fn::Sub":
            return self.sub(argument)
        if name == "Fn::If":
            return self.value(argument[1] if self.condition(argument[0]) else argument[2])
        values = self.value(argument)
        if name == "Fn::Join":
            return values[0].join(map(str, values[1]))
        if name == "Fn::Equals":
            return str(values[0]) == str(values[1])
        if name == "Fn::Not":
            return not values[0]
        if name == "Fn::Base64":
            return values
        raise ValueError(f"unknown function {name}")

    def sub(self, text):
        text, extra = (text[0], text[1]) if isinstance(text, list) else (text, {})

        def replace(match):
            name = match[1]
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in extra:
                return str(self.value(extra[name]))
            return str(self.attribute(*name.split(".", 1)) if "." in name else self.ref(name))

        return re.sub(r"\$\{([^}]+)\}", replace, text)

    def ref(self, name):
        if name in PSEUDO:
            return PSEUDO[name]
        if name in self.parameters:
            return self.parameters[name]
        resource = self.resources[name]  # KeyError: a name that is nowhere
        properties = resource.get("Properties", {})
        own = {
            "AWS::S3::Bucket": "BucketName",
            "AWS::DynamoDB::Table": "TableName",
            "AWS::Lambda::Function": "FunctionName",
            "AWS::SSM::Parameter": "Name",
            "AWS::Logs::LogGroup": "LogGroupName",
        }.get(resource["Type"])
        if own:
            return self.value(properties[own])
        if resource["Type"] == "AWS::SQS::Queue":
            return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{STACK}-{name}"
        if resource["Type"] in ("AWS::SNS::Topic", "AWS::IAM::ManagedPolicy"):
            return self.attribute(name, "Arn")
        prefix = {"AWS::EC2::LaunchTemplate": "lt-0", "AWS::EC2::SecurityGroup": "sg-0"}.get(
            resource["Type"], STACK + "-"
        )
        return prefix + name

    def attribute(self, name, attribute):
        kind, own = self.resources[name]["Type"], None
        if attribute == "Arn":
            own = {
                "AWS::S3::Bucket": "arn:aws:s3:::{}",
                "AWS::DynamoDB::Table": "arn:aws:dynamodb:R:A:table/{}",
                "AWS::SQS::Queue": f"arn:aws:sqs:R:A:{STACK}-{name}",
                "AWS::SNS::Topic": f"arn:aws:sns:R:A:{STACK}-{name}",
                "AWS::IAM::Role": f"arn:aws:iam::A:role/{STACK}-{name}",
                "AWS::IAM::InstanceProfile": f"arn:aws:iam::A:instance-profile/{STACK}-{name}",
                "AWS::IAM::ManagedPolicy": f"arn:aws:iam::A:policy/{STACK}-{name}",
                "AWS::Lambda::Function": "arn:aws:lambda:R:A:function:{}",
                "AWS::Logs::LogGroup": "arn:aws:logs:R:A:log-group:{}:*",
                "AWS::Events::Rule": f"arn:aws:events:R:A:rule/{STACK}-{name}",
            }[kind]
            own = own.replace(":R:A:", f":{REGION}:{ACCOUNT}:").replace("::A:", f"::{ACCOUNT}:")
            return own.format(self.ref(name)) if "{}" in own else own
        if (kind, attribute) == ("AWS::SQS::Queue", "QueueName"):
            return f"{STACK}-{name}"
        if (kind, attribute) == ("AWS::EC2::SecurityGroup", "GroupId"):
            return "sg-0" + name
        raise ValueError(f"unknown attribute {name}.{attribute}")


def policies_of_role(template, name):
    """Its own, and the template's that are attached to it."""
    role = template.properties(name)
    managed = {template.ref(n): p["PolicyDocument"] for n, p in template.of_type("AWS::IAM::ManagedPolicy").items()}
    return [policy["PolicyDocument"] for policy in role["Policies"]] + [
        managed[arn] for arn in role.get("ManagedPolicyArns", [])
    ]
