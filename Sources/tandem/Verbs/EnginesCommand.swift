import ArgumentParser
import Foundation
import Glibc
import TandemEngines
import TandemOperator

struct EnginesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engines",
        abstract: "The real servers' programs: HAProxy, nginx, MySQL, etcd, Prometheus, Alertmanager.",
        subcommands: [List.self, Install.self, Update.self, Remove.self, Link.self], defaultSubcommand: List.self)

    static func store() throws -> EngineStore {
        // Root tries what it has fetched as somebody who may do nothing.
        let nobody = geteuid() == 0 ? UserAccount.nobody : nil
        return EngineStore(
            folder: try EngineSetup.ownFolder(),
            account: nobody.map { .init(userID: $0.user, groupID: $0.group) }
        ) { Terminal.line("\($0)") }
    }

    static func engines(_ names: [String]) throws -> [Engine] {
        guard !names.isEmpty else { return Engine.allCases }
        return try names.map { name in
            guard let engine = Engine(rawValue: name) else {
                throw Failure(
                    .usage,
                    "there is no engine named '\(name)'; there are: "
                        + Engine.allCases.map(\.rawValue).joined(separator: ", "))
            }
            return engine
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows what is in the store, and where from.")
        @OptionGroup var output: FormatOptions

        func run() throws {
            let records = try EnginesCommand.store().list()
            try output.write(records) {
                guard !records.isEmpty else { return "nothing is installed; get it with: tandem engines install\n" }
                return records.map { record in
                    let note = record.isCurrent ? "" : "  (replaced)"
                    let from = Set(record.packages.map(\.suite)).sorted().joined(separator: ", ")
                    return StepPrinter.padded(record.engine.rawValue, 9) + StepPrinter.padded(record.version, 10)
                        + "\(record.packages.count) packages from Debian \(from)\(note)\n          \(record.prefix)\n"
                }.joined()
            }
        }
    }

    struct Install: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Fetches what is missing.")
        @Argument(help: "haproxy, nginx, mysql, etcd, prometheus, alertmanager; without a name: all.") var names:
            [String] = []

        func run() async throws {
            let engines = try EnginesCommand.engines(names)
            let records = try await EnginesCommand.store().install(engines)
            for record in records { Terminal.line("\(record.engine.title) \(record.version) is there") }
        }
    }

    struct Update: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Fetches newer versions; a stack takes them up at the next `tandem up`.")
        @Argument(help: "haproxy, nginx, mysql, etcd, prometheus, alertmanager; without a name: all.") var names:
            [String] = []
        @Flag(help: "Let MySQL and etcd move to another series. Their data cannot go back.") var allowSeriesChange =
            false

        func run() async throws {
            let engines = try EnginesCommand.engines(names)
            for update in try await EnginesCommand.store().update(engines, allowSeriesChange: allowSeriesChange) {
                Terminal.line("\(update)")
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Deletes programs from the store.")
        @Argument(help: "haproxy, nginx, mysql, etcd, prometheus, alertmanager; without a name: all.") var names:
            [String] = []
        @Flag(help: "Only those that an update has replaced.") var replaced = false

        func run() async throws {
            let engines = try EnginesCommand.engines(names)
            let gone = try await EnginesCommand.store().remove(engines, onlyReplaced: replaced)
            if gone.isEmpty { Terminal.line("nothing to remove") }
            for record in gone { Terminal.line("removed \(record.engine.title) \(record.version)") }
        }
    }
    struct Link: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Links the programs into a folder, to try them by hand: FOLDER/bin/nginx and so on.")
        @Argument(help: "The folder; made when it is not there.") var folder: String

        func run() throws {
            let bin = geteuid() == 0 ? try HandOver.target("\(folder)/bin") : "\(folder)/bin"
            let store = try EnginesCommand.store()
            guard let set = try store.installed() else {
                throw Failure(.failed, "the engines are not all there; get them with: tandem engines install")
            }
            let files = FileManager.default
            try files.createDirectory(atPath: bin, withIntermediateDirectories: true)
            let others = try ([.etcd] + Engine.ofMonitoring).flatMap {
                try store.programs(of: $0)?.values.map(\.self) ?? []
            }
            for program in [set.haproxy, set.nginx, set.mysqld, set.mysql] + others {
                let link = "\(bin)/\((program as NSString).lastPathComponent)"
                if (try? files.destinationOfSymbolicLink(atPath: link)) != nil { try files.removeItem(atPath: link) }
                try files.createSymbolicLink(atPath: link, withDestinationPath: program)
            }
            Terminal.line("linked the programs into \(folder)/bin")
        }
    }
}
