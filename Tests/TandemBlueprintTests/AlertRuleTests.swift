import Foundation
import TandemStack
import Testing

@testable import TandemBlueprint

/// Each rule, by Prometheus' own promtool: what it fires on, and what it bears.
@Suite struct AlertRuleTests {
    @Test func `each rule fires on its fault and bears what is no fault`() throws {
        let programs = try TestEngines().programs
        let promtool = try #require(programs.promtool)
        let folder = "/tmp/tb-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let rules = AlertRules(stack: Sample.watched.stack)
        try Data(try rules.text("# rules").utf8).write(to: URL(fileURLWithPath: "\(folder)/alerts.yml"))
        let check = try run([promtool, "check", "rules", "\(folder)/alerts.yml"])
        #expect(check.status == 0, "\(check.output)")
        try Data(Self.file(Trial.all).utf8).write(to: URL(fileURLWithPath: "\(folder)/tests.yml"))
        let outcome = try run([promtool, "test", "rules", "\(folder)/tests.yml"])
        #expect(outcome.status == 0, "\(outcome.output)")
        #expect(
            Set(Trial.all.map(\.alert)) == Set(rules.all.map(\.name)), "a rule without a trial, or the other way round")
        for name in Set(Trial.all.map(\.alert)) where name != "Watchdog" {
            #expect(Trial.all.contains { $0.alert == name && !$0.fires }, "\(name) has no trial of what it bears")
        }
    }

    @Test func `promtool sees a trial that does not hold`() throws {
        let promtool = try #require(try TestEngines().programs.promtool)
        let folder = "/tmp/tb-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data(try AlertRules(stack: Sample.watched.stack).text("#").utf8).write(
            to: URL(fileURLWithPath: "\(folder)/alerts.yml"))
        var wrong = Trial.all[0]
        wrong.fires.toggle()
        try Data(Self.file([wrong]).utf8).write(to: URL(fileURLWithPath: "\(folder)/tests.yml"))
        #expect(try run([promtool, "test", "rules", "\(folder)/tests.yml"]).status != 0)
    }

    @Test func `a rule about the pair is there only where there are two databases`() {
        let names = AlertRules(stack: Sample.smallest.stack).all.map(\.name)
        #expect(!names.contains("NoSecondDatabase") && names.contains("WritesWait") && !names.contains("JobFailed"))
        #expect(Set(names).count == names.count)
    }

    private static func file(_ trials: [Trial]) -> String {
        let tests = trials.map { trial in
            let series = trial.series.map { "  - series: '\($0.0)'\n    values: '\($0.1)'" }.joined(separator: "\n")
            let expected = trial.fires ? "\n    - labels: '{}'\n      value: 1" : " []"
            return """
                - interval: \(trial.interval)
                  input_series:
                \(series.indented(2))
                  promql_expr_test:
                  - expr: 'count(ALERTS{alertname="\(trial.alert)",alertstate="firing"})'
                    eval_time: \(trial.after)
                    exp_samples:\(expected)
                """
        }
        return "rule_files: [alerts.yml]\nevaluation_interval: 10s\ntests:\n" + tests.joined(separator: "\n") + "\n"
    }
}

/// Series as promtool writes them (`0+10x30`: from 0 by 10, 30 times), and whether the alert fires by then.
private struct Trial {
    var alert: String
    var series: [(String, String)]
    var after = "10m"
    var interval = "10s"
    var fires: Bool

    private static let requests = #"tandem_front_requests_total{host="lb1"}"#
    private static let errors = #"tandem_front_errors_total{host="lb1"}"#

    private static func traffic(_ alert: String, errors count: String, after: String, fires: Bool) -> Trial {
        Trial(
            alert: alert, series: [(requests, "0+6000x500"), (errors, "0+\(count)x500")], after: after, interval: "1m",
            fires: fires)
    }

    /// A stack whose monitors began at 0.
    private static func starting(_ alert: String, _ series: String, after: String = "50s", fires: Bool) -> Trial {
        Trial(
            alert: alert,
            series: [(series, "0x60"), (#"process_start_time_seconds{job="prometheus",host="lb1"}"#, "0x60")],
            after: after, fires: fires)
    }

    static let all: [Trial] = [
        Trial(
            alert: "SiteUnreachable",
            series: [(#"tandem_probe_success{stack="shop",host="lb1",address="a"}"#, "0x60")], fires: true),
        Trial(
            alert: "SiteUnreachable",
            series: [
                (#"tandem_probe_success{stack="shop",host="lb1",address="a"}"#, "0x60"),
                (#"tandem_probe_success{stack="shop",host="lb1",address="b"}"#, "1x60"),
            ], fires: false),
        // The first minute of a start, and a minute later.
        starting("SiteUnreachable", #"tandem_probe_success{stack="shop",host="lb1",address="a"}"#, fires: false),
        starting(
            "SiteUnreachable", #"tandem_probe_success{stack="shop",host="lb1",address="a"}"#, after: "110s", fires: true
        ),
        // One monitor is new, the other one is not.
        Trial(
            alert: "SiteUnreachable",
            series: [
                (#"tandem_probe_success{stack="shop",host="lb1",address="a"}"#, "0x60"),
                (#"process_start_time_seconds{job="prometheus",host="lb1"}"#, "0x60"),
                (#"process_start_time_seconds{job="prometheus",host="lb2"}"#, "-900x60"),
            ], after: "50s", fires: true),
        Trial(
            alert: "BalancerUnreachable",
            series: [
                (#"tandem_probe_success{stack="shop",host="lb1",address="a"}"#, "0x60"),
                (#"tandem_probe_success{stack="shop",host="lb1",address="b"}"#, "1x60"),
            ], fires: true),
        // All of them: that is told by SiteUnreachable.
        Trial(
            alert: "BalancerUnreachable",
            series: [
                (#"tandem_probe_success{stack="shop",host="lb1",address="a"}"#, "0x60"),
                (#"tandem_probe_success{stack="shop",host="lb1",address="b"}"#, "0x60"),
            ], fires: false),
        traffic("ManyErrors", errors: "600", after: "10m", fires: true),
        traffic("ManyErrors", errors: "200", after: "10m", fires: false),
        traffic("ErrorBudgetBurnsFast", errors: "120", after: "70m", fires: true),
        traffic("ErrorBudgetBurnsFast", errors: "60", after: "70m", fires: false),
        traffic("ErrorBudgetBurnsSlowly", errors: "30", after: "400m", fires: true),
        traffic("ErrorBudgetBurnsSlowly", errors: "12", after: "400m", fires: false),
        // A new stack that nobody visits but its monitors, and the errors of its start.
        Trial(
            alert: "ErrorBudgetBurnsFast", series: [(requests, "0+4x60"), (errors, "0 4 8x58")], after: "4m",
            fires: false),
        Trial(
            alert: "ErrorBudgetBurnsSlowly", series: [(requests, "0+4x150"), (errors, "0 4 8x148")], after: "20m",
            fires: false),
        // One that answers nothing as it should.
        Trial(
            alert: "ErrorBudgetBurnsFast", series: [(requests, "0+4x60"), (errors, "0+4x60")], after: "4m",
            fires: true),
        Trial(
            alert: "SiteSlow",
            series: [
                (#"tandem_web_request_duration_seconds_bucket{host="web1",le="2.5"}"#, "0+90x120"),
                (#"tandem_web_request_duration_seconds_count{host="web1"}"#, "0+100x120"),
            ], after: "15m", fires: true),
        Trial(
            alert: "SiteSlow",
            series: [
                (#"tandem_web_request_duration_seconds_bucket{host="web1",le="2.5"}"#, "0+99x120"),
                (#"tandem_web_request_duration_seconds_count{host="web1"}"#, "0+100x120"),
            ], after: "15m", fires: false),
        Trial(
            alert: "WritesWait",
            series: [
                (#"tandem_database_open{stack="shop",host="server1"}"#, "1x10 0x50"),
                (#"tandem_database_open{stack="shop",host="server2"}"#, "0x60"),
            ], fires: true),
        starting("WritesWait", #"tandem_database_open{stack="shop",host="server1"}"#, fires: false),
        starting("WritesWait", #"tandem_database_open{stack="shop",host="server1"}"#, after: "110s", fires: true),
        // The primary's host is gone, and all others remember that it took writes.
        Trial(
            alert: "WritesWait",
            series: [
                (#"tandem_database_open{stack="shop",host="server2"}"#, "0x60"),
                (#"tandem_database_open{stack="shop",host="web1"}"#, "1x60"),
                (#"tandem_database_writable{stack="shop",host="lb1"}"#, "1x60"),
            ], fires: true),
        Trial(
            alert: "WritesWait", series: [(#"tandem_database_writable{stack="shop",host="lb1"}"#, "1x60")], fires: true),
        // A failover: they do not wait for longer.
        Trial(
            alert: "WritesWait",
            series: [
                (#"tandem_database_open{stack="shop",host="server1"}"#, "1x10 0 1x50"),
                (#"tandem_database_open{stack="shop",host="server2"}"#, "0x60"),
            ], after: "2m10s", fires: false),
        Trial(
            alert: "NoSecondDatabase", series: [(#"tandem_database_paired{stack="shop",host="db1"}"#, "0x60")],
            fires: true),
        Trial(
            alert: "NoSecondDatabase",
            series: [
                (#"tandem_database_paired{stack="shop",host="db1"}"#, "1x60"),
                (#"tandem_database_paired{stack="shop",host="lb1"}"#, "0x60"),
            ], fires: false),
        Trial(
            alert: "ReplicaStopped",
            series: [
                (#"tandem_database_streaming{host="db2"}"#, "0x60"), (#"tandem_database_leads{host="db2"}"#, "0x60"),
            ], fires: true),
        Trial(
            alert: "ReplicaStopped",
            series: [
                (#"tandem_database_streaming{host="db1"}"#, "0x60"), (#"tandem_database_leads{host="db1"}"#, "1x60"),
            ], fires: false),
        Trial(alert: "ReplicaLags", series: [(#"tandem_database_lag_seconds{host="db2"}"#, "0+10x60")], fires: true),
        Trial(alert: "ReplicaLags", series: [(#"tandem_database_lag_seconds{host="db2"}"#, "2x60")], fires: false),
        Trial(alert: "WritesExported", series: [(#"tandem_database_exports{host="db2"}"#, "1x60")], fires: true),
        Trial(alert: "WritesExported", series: [(#"tandem_database_exports{host="db2"}"#, "0x60")], fires: false),
        Trial(alert: "JobFailed", series: [(#"tandem_job_failed{host="a",name="digest"}"#, "0x20 1x40")], fires: true),
        Trial(
            alert: "JobFailed",
            series: [
                (#"tandem_job_failed{host="a",name="digest"}"#, "1x20 0x40"),
                (#"tandem_job_failed{host="b",name="digest"}"#, "1x22 0x38"),
            ], fires: false),
        Trial(
            alert: "JobMissed",
            series: [
                (#"tandem_job_overdue{host="a",name="digest"}"#, "0x20 1x40"),
                (#"tandem_job_overdue{host="b",name="digest"}"#, "0x20 1x40"),
            ], fires: true),
        // One agent could not read what the other one did.
        Trial(
            alert: "JobMissed",
            series: [
                (#"tandem_job_overdue{host="a",name="digest"}"#, "0x20 1x40"),
                (#"tandem_job_overdue{host="b",name="digest"}"#, "0x60"),
            ], fires: false),
        Trial(
            alert: "ConnectionsNearLimit",
            series: [
                (#"tandem_front_connections{host="lb1"}"#, "3300x60"),
                (#"tandem_front_connections_limit{host="lb1"}"#, "4000x60"),
            ], fires: true),
        Trial(
            alert: "ConnectionsNearLimit",
            series: [
                (#"tandem_database_connections{host="db1"}"#, "140x60"),
                (#"tandem_database_connections_limit{host="db1"}"#, "151x60"),
            ], fires: true),
        Trial(
            alert: "ConnectionsNearLimit",
            series: [
                (#"tandem_front_connections{host="lb1"}"#, "100x60"),
                (#"tandem_front_connections_limit{host="lb1"}"#, "4000x60"),
            ], fires: false),
        Trial(alert: "HostSilent", series: [(#"up{job="tandem",host="db1"}"#, "0x60")], fires: true),
        Trial(alert: "HostSilent", series: [(#"up{job="tandem",host="db1"}"#, "1x60")], fires: false),
        Trial(alert: "ServiceDown", series: [(#"tandem_service_up{host="db1",service="mysql"}"#, "0x60")], fires: true),
        Trial(
            alert: "ServiceDown", series: [(#"tandem_service_up{host="db1",service="mysql"}"#, "1x57 0x3")],
            fires: false),
        Trial(
            alert: "CrashLoop", series: [(#"tandem_service_restarts_total{host="a",service="app"}"#, "0+1x60")],
            fires: true),
        Trial(
            alert: "CrashLoop", series: [(#"tandem_service_restarts_total{host="a",service="app"}"#, "0x20 1x40")],
            fires: false),
        Trial(
            alert: "DiskFull",
            series: [
                (#"tandem_host_disk_available_bytes{host="a"}"#, "3x60"),
                (#"tandem_host_disk_size_bytes{host="a"}"#, "100x60"),
            ], fires: true),
        Trial(
            alert: "DiskFull",
            series: [
                (#"tandem_host_disk_available_bytes{host="a"}"#, "30000-50x120"),
                (#"tandem_host_disk_size_bytes{host="a"}"#, "100000x120"),
            ], after: "70m", interval: "1m", fires: true),
        Trial(
            alert: "DiskFull",
            series: [
                (#"tandem_host_disk_available_bytes{host="a"}"#, "30000-1x120"),
                (#"tandem_host_disk_size_bytes{host="a"}"#, "100000x120"),
            ], after: "70m", interval: "1m", fires: false),
        // The data's own disk is full, the host's other one is not.
        Trial(
            alert: "DiskFull",
            series: [
                (#"tandem_host_disk_available_bytes{host="a",disk="host"}"#, "90x60"),
                (#"tandem_host_disk_size_bytes{host="a",disk="host"}"#, "100x60"),
                (#"tandem_host_disk_available_bytes{host="a",disk="data"}"#, "3x60"),
                (#"tandem_host_disk_size_bytes{host="a",disk="data"}"#, "100x60"),
            ], fires: true),
        // A burst within minutes of its beginning.
        Trial(
            alert: "DiskFull",
            series: [
                (#"tandem_host_disk_available_bytes{host="a"}"#, "30000-50x120"),
                (#"tandem_host_disk_size_bytes{host="a"}"#, "100000x120"),
            ], after: "20m", interval: "1m", fires: false),
        Trial(
            alert: "CrashLoop",
            series: [(#"tandem_service_restarts_total{host="a",service="app"}"#, "0x10 1x10 2x10 3x30")],
            after: "9m", fires: false),
        Trial(
            alert: "MemoryLow",
            series: [
                (#"tandem_host_memory_available_bytes{host="a"}"#, "4x60"),
                (#"tandem_host_memory_total_bytes{host="a"}"#, "100x60"),
            ], fires: true),
        Trial(
            alert: "MemoryLow",
            series: [
                (#"tandem_host_memory_available_bytes{host="a"}"#, "20x60"),
                (#"tandem_host_memory_total_bytes{host="a"}"#, "100x60"),
            ], fires: false),
        Trial(
            alert: "CertificateEnds",
            series: [(#"tandem_certificate_expiry_time_seconds{host="a",certificate="front"}"#, "864000x60")],
            fires: true),
        Trial(
            alert: "CertificateEnds",
            series: [(#"tandem_certificate_expiry_time_seconds{host="a",certificate="front"}"#, "8640000x60")],
            fires: false),
        Trial(alert: "ClockOff", series: [(#"tandem_host_time_seconds{host="a"}"#, "5+10x60")], fires: true),
        Trial(alert: "ClockOff", series: [(#"tandem_host_time_seconds{host="a"}"#, "0+10x60")], fires: false),
        Trial(alert: "MonitoringBlind", series: needed + [(#"up{job="prometheus",host="lb1"}"#, "0x60")], fires: true),
        Trial(alert: "MonitoringBlind", series: Array(needed.dropLast()), fires: true),
        Trial(alert: "MonitoringBlind", series: needed + [(#"up{job="prometheus",host="lb1"}"#, "1x60")], fires: false),
        Trial(
            alert: "AlertsNotDelivered",
            series: [(#"alertmanager_notifications_failed_total{host="lb1",integration="webhook"}"#, "0+1x60")],
            fires: true),
        Trial(
            alert: "AlertsNotDelivered",
            series: [(#"alertmanager_notifications_failed_total{host="lb1",integration="webhook"}"#, "0x60")],
            fires: false),
        Trial(alert: "Watchdog", series: [], fires: true),
    ]

    private static let needed = AlertRules.neededSeries.map { (#"\#($0){host="a"}"#, "1x60") }
}
