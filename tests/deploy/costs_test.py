"""deploy/aws/costs.py: sums that can be done by hand."""

import contextlib
import importlib.util
import io
import pathlib
import unittest

from cloudformation import Template

ROOT = pathlib.Path(__file__).resolve().parents[2]
SPEC = importlib.util.spec_from_file_location("costs", ROOT / "deploy/aws/costs.py")
costs = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(costs)


def free(**given):
    """All prices 0 but those given."""
    a = costs.parse([])
    for name, *_ in costs.PRICES:
        setattr(a, name, 0.0)
    for name, value in given.items():
        setattr(a, name, value)
    return a


class Costs(unittest.TestCase):
    def test_a_boot_is_shared_by_its_jobs(self):
        a = free(spot_hour=3.6, boot_s=60, idle_s=40, job_s=0, audio_min=10, speed=30)
        self.assertEqual([costs.machine_seconds(a, jobs) for jobs in (1, 10)], [120, 300])
        self.assertAlmostEqual(costs.job_cost(a, 1, a.spot_hour), 0.12)
        self.assertAlmostEqual(costs.job_cost(a, 10, a.spot_hour), 0.03)

    def test_a_minute_is_billed_at_least(self):
        self.assertEqual(costs.machine_seconds(free(boot_s=1, idle_s=0, job_s=0, speed=1000), 1), 60)

    def test_what_lies_and_what_is_asked(self):
        self.assertAlmostEqual(costs.services_cost(free(s3_gib_month=1, audio_mib=1024, upload_days=15)), 0.5)
        self.assertAlmostEqual(costs.services_cost(free(api_million=1e6)), 5)
        self.assertAlmostEqual(sum(usd for _, usd in costs.idle_month(free(alarm_month=1, metric_month=2))), 9 + 12)

    def test_amounts_are_the_template_s(self):
        template, a = Template(ROOT / "deploy/aws/template.yaml"), costs.parse([])
        self.assertEqual(a.alarms, len(template.of_type("AWS::CloudWatch::Alarm")))
        self.assertEqual(a.function_gib * 1024, template.properties("ReaperFunction")["MemorySize"])
        (machine,) = template.of_type("AWS::EC2::LaunchTemplate").values()
        self.assertEqual(a.volume_gib, machine["LaunchTemplateData"]["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"])

    def test_the_page_shows_what_the_script_prints(self):
        page = (ROOT / "docs/aws.md").read_text(encoding="utf-8")
        for line in costs.report(costs.parse([])).splitlines():
            if line.startswith("|") and "---" not in line:
                self.assertIn(line, page)

    def test_wrong_usage(self):
        for arguments in (["--speed", "0"], ["--spot-hour", "-1"], ["--spot-hour", "x"]):
            with self.assertRaises(SystemExit) as ended, contextlib.redirect_stderr(io.StringIO()):
                costs.parse(arguments)
            self.assertEqual(ended.exception.code, 2)


if __name__ == "__main__":
    unittest.main()
