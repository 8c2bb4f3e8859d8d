import Foundation
import TandemAgent
import TandemBlueprint
import TandemEngines
import TandemReplication
import TandemStack

/// Writes a stack's files for hosts that run it without Tandem.
package struct Ejection {
    package var project: Project
    /// Absolute.
    package var folder: String
    /// See `EjectedNames.root`.
    var root: String
    var appFolder: String?

    package init(project: Project, folder: String, root: String, appFolder: String? = nil) {
        self.project = project
        self.folder = folder
        self.root = root
        self.appFolder = appFolder
    }

    private var names: EjectedNames { EjectedNames(stack: project.stack.name, root: root) }

    /// - Returns: how many hosts there are.
    package func write() async throws -> Int {
        let stack = adapted()
        let databases = stack.hosts(.database)
        guard let primary = databases.first else { throw Failure(.failed, "the stack has no database host") }
        if let host = stack.hosts.first(where: { !names.hasShortSockets($0) }) {
            throw Failure(
                .usage,
                "the path of \(host.name)'s unix sockets would be too long for HAProxy; choose a shorter --root")
        }
        let partner = databases.dropFirst().first
        let leadership = Leadership.fixed(primary: primary.name, partner: partner?.name)
        let programs = await programs()
        let hosts = try stack.hosts.map { host in
            try EjectedHost(stack: stack, host: host, names: names, programs: programs, leadership: leadership)
        }
        // First what may fail: nothing is written where a secret is missing.
        let secrets = try await secrets()
        let output = EjectedFolder(path: folder)
        try output.make()
        try output.write(try JSONText.encode(secrets), to: "secrets.json", mode: 0o600)
        try certificates(stack, programs, output)
        for host in hosts {
            let database = EjectedDatabase(
                stack: stack, secrets: secrets.database, host: host, primary: primary, partner: partner)
            for file in host.files + (try database.files()) { try output.write(file, of: host.host) }
            for environment in host.environments {
                try output.write(try text(environment.variables, secrets, environment.file), of: host.host)
            }
        }
        try output.write(
            EjectedReadme(
                stack: stack, names: names, hosts: hosts, primary: primary, partner: partner, programs: programs
            ).text, to: "README.md", mode: 0o644)
        return hosts.count
    }

    /// Passwords and certificates: they stay what they are when a stack is ejected again.
    package static func isKept(_ path: String) -> Bool { path == "secrets.json" || path.hasSuffix(".pem") }

    /// Those that it writes beside the hosts' folders.
    package static let filesBesideHosts = ["README.md", "secrets.json", "pki"]

    // MARK: - Parts

    /// The stack with the app where it will lie, and with the front ports that were chosen here.
    private func adapted() -> Stack {
        var stack = project.stack
        let here = stack.app.workingDirectory
        let there = appFolder ?? (stack.isOnThisMachine ? here : names.appFolder)
        stack.app.workingDirectory = there
        let moved = { (folder: String) in
            folder == here || folder.hasPrefix(here + "/") ? there + folder.dropFirst(here.count) : folder
        }
        stack.web.staticFolder = stack.web.staticFolder.map(moved)
        stack.web.staticPrefixes = stack.web.staticPrefixes?.mapValues(moved)
        if let running = project.applied?.stack.balancer {
            if !stack.balancer.httpPort.isFixed { stack.balancer.httpPort = running.httpPort }
            if !stack.balancer.httpsPort.isFixed { stack.balancer.httpsPort = running.httpsPort }
        }
        return stack
    }

    /// Those that the stack file names, and for the rest the distribution's.
    private func programs() async -> Layout.Programs {
        let own = project.stack.engines
        var programs = Layout.Programs(
            haproxy: own.haproxy ?? "/usr/sbin/haproxy", nginx: own.nginx ?? "/usr/sbin/nginx",
            mimeTypes: "/etc/nginx/mime.types", mysqld: own.mysqld ?? "/usr/sbin/mysqld",
            mysql: own.mysql ?? "/usr/bin/mysql", mysqlBase: "/usr", mysqlPlugins: "/usr/lib/mysql/plugin")
        // What belongs to them can be asked where they are on this machine.
        guard own != Engines() else { return programs }
        let set: EngineSet?
        do {
            set = try await EngineSetup(own: own).installed()
        } catch {
            Terminal.line(
                "cannot ask the programs that `engines` names for their folders, so these are guessed: \(error)")
            return programs
        }
        guard let set else { return programs }
        if own.nginx != nil { programs.mimeTypes = set.mimeTypes }
        if own.mysqld != nil {
            programs.mysqlBase = set.mysqlBase
            programs.mysqlPlugins = set.mysqlPlugins
        }
        return programs
    }

    /// The passwords of the stack that runs here, or those of an earlier ejection, or new ones.
    private func secrets() async throws -> StackSecrets {
        let known = [project.folder.secretsFile, "\(folder)/secrets.json"].first {
            FileManager.default.fileExists(atPath: $0)
        }
        var secrets = try known.map { try JSONText.decode(StackSecrets.self, fromFile: $0) } ?? StackSecrets.generate()
        secrets.app = try await SecretSources.read(
            project.stack.app.secrets, environment: ProcessInfo.processInfo.environment,
            workingDirectory: project.stack.app.workingDirectory)
        return secrets
    }

    private func certificates(_ stack: Stack, _ programs: Layout.Programs, _ output: EjectedFolder) throws {
        let state = StackFolder(path: folder, environment: ProcessInfo.processInfo.environment)
        // The same authority as here: who trusts it goes on doing so.
        for (from, to) in [(project.folder.caFile, state.caFile), (project.folder.caKeyFile, state.caKeyFile)] {
            guard !FileManager.default.fileExists(atPath: to),
                let text = try? String(contentsOfFile: from, encoding: .utf8)
            else { continue }
            try output.write(
                text, to: "pki/\((to as NSString).lastPathComponent)", mode: to == state.caFile ? 0o644 : 0o600)
        }
        for host in stack.hosts {
            try output.makeFolder(names.layout(host, programs: programs).etcFolder, of: host)
        }
        try StackPKI(stack: stack, folder: state).ensure(
            layout: { host in
                EjectedNames(stack: stack.name, root: output.tree(host) + root).layout(host, programs: programs)
            }, now: Date())
        // They let the command line in at agents, of which there are none.
        let ofAgents = [
            state.clientCertificateFile, state.clientKeyFile, state.agentsCAFile, state.agentsCAKeyFile,
            "\(state.path)/run",
        ]
        for path in ofAgents { try? FileManager.default.removeItem(atPath: path) }
    }

    private func text(
        _ variables: [String: EnvironmentValue], _ secrets: StackSecrets, _ file: String
    ) throws -> FileBlueprint {
        let resolved = try variables.mapValues(secrets.resolve)
        let all = resolved.merging(["LANG": "C.UTF-8"]) { own, _ in own }
        return FileBlueprint(path: file, contents: EnvironmentFile(variables: all).text)
    }
}
