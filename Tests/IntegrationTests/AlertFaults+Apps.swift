import Foundation

extension AlertFault {
    /// What the app and its visitors do.
    static var ofApps: [AlertFault] {
        [
            AlertFault(
                name: "job", alerts: ["JobFailed"], what: "a job that runs each minute ends with status 1",
                begin: { try $0.switchOn("fail") }, end: { $0.switchOff("fail") }),
            AlertFault(
                name: "errors", alerts: ["ManyErrors", "ErrorBudgetBurnsFast"],
                what: "a tenth of ten requests a second is answered with 500", stack: faultyApp, patience: 480,
                patienceAfter: 900, prepare: visitors, begin: { try $0.switchOn("errors") },
                end: { $0.switchOff("errors") }),
            AlertFault(
                name: "errors-for-long", alerts: ["ManyErrors", "ErrorBudgetBurnsFast", "ErrorBudgetBurnsSlowly"],
                what: "a tenth of ten requests a second is answered with 500", stack: faultyApp, patience: 1500,
                patienceAfter: 2700, takesLong: true, prepare: visitors, begin: { try $0.switchOn("errors") },
                end: { $0.switchOff("errors") }),
            AlertFault(
                name: "slow", alerts: ["SiteSlow"], what: "a fifth of some ten requests a second takes 4 s",
                stack: faultyApp, patience: 900, patienceAfter: 600, prepare: visitors,
                begin: { try $0.switchOn("slow") }, end: { $0.switchOff("slow") }),
            // Both balancers of one machine take connections from one socket: one of them has half, or more.
            AlertFault(
                name: "connections", alerts: ["ConnectionsNearLimit"],
                what: "85 visitors keep their connections, of 50 that each balancer takes", stack: faultyApp,
                maxConnections: 50, begin: { try $0.visit(85, pause: 20) }, end: { try await $0.endHelpers() }),
            AlertFault(
                name: "lag", alerts: ["ReplicaLags"], what: "a session on the replica holds a lock on all tables",
                patience: 360,
                begin: { stage in
                    let statement = "FLUSH TABLES WITH READ LOCK; SELECT SLEEP(3600)"
                    try stage.help(
                        "\(stage.stack.programs)/tandem", "mysql", try await stage.replica, "--", "-e", statement)
                }, end: { try await $0.endHelpers() }),
            AlertFault(
                name: "exports", alerts: ["WritesExported"],
                what: "a file with transactions that nobody acknowledged is there", begin: { try $0.export() },
                end: { $0.removeExport() }),
            AlertFault(
                name: "receiver", alerts: ["AlertsNotDelivered"],
                what: "one of two receivers answers 503 to what it is sent, of another alert", patience: 360,
                patienceAfter: 600,
                begin: { stage in
                    stage.receiver.refuse(true, path: "/slack")
                    try stage.export()
                },
                end: { stage in
                    stage.receiver.refuse(false, path: "/slack")
                    stage.removeExport()
                }),
        ]
    }

    /// Ten requests a second for half a minute, so that there is a time before the fault.
    private static var visitors: Step {
        { stage in
            try stage.visit(20, pause: 2)
            try await Task.sleep(for: .seconds(30))
        }
    }
}

extension AlertStage {
    private var exportFile: String { "\(dataFolder(of: "server2"))/exports/trial.sql" }

    func export() throws {
        let file = URL(fileURLWithPath: exportFile)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data("-- a trial\n".utf8).write(to: file)
    }

    func removeExport() { try? FileManager.default.removeItem(atPath: exportFile) }
}
