import TandemStack

/// What root does about the front's addresses on a balancer, beside keepalived: fixed command lines, nothing in which
/// comes from the host but the name of an interface.
struct AddressCommands {
    let site: Site

    /// Root's, made by the unit (`RuntimeDirectory`).
    var runFolderName: String { "tandem-\(site.stack.name)-keepalived" }
    var runFolder: String { "/run/\(runFolderName)" }
    var interfaceFile: String { "\(runFolder)/interface.conf" }

    /// keepalived in the foreground; its words go to the journal. Where it may not run in real time, as in many
    /// containers, it has its turn before others; where it may not do that either, `nice` starts it all the same.
    func run(_ program: String, _ file: String) -> [String] {
        [
            "/usr/bin/nice", "-n", "-20", program, "--dont-fork", "--vrrp", "--log-console", "--no-syslog",
            "--use-file=\(file)",
            "--pid=\(runFolder)/keepalived.pid", "--vrrp_pid=\(runFolder)/vrrp.pid",
        ]
    }

    /// Has keepalived read its file, after the interface was looked for where the file includes its name.
    func check(_ program: String, _ file: String) -> [String] {
        // As nobody: it does no more than read. As root, keepalived 2.2.7 ends itself when it looks whether its check's
        // user may run it.
        let test = [
            "/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program, "--config-test",
            "--use-file=\(file)",
        ]
        guard site.stack.front?.interface == nil else { return test }
        let script = """
            mkdir -p "$2" && name=$(ip -4 -o address show to "$1/32" | sed -n '1s/^[0-9]*: *\\([^ @]*\\).*/\\1/p') || exit; \
            [ -n "$name" ] || { echo "no network interface has the address $1" >&2; exit 1; }; \
            echo "\\$INTERFACE=$name" > "$2/interface.conf"; shift 2; exec "$@"
            """
        return ["/bin/sh", "-c", script, "check", site.host.address, runFolder] + test
    }

    /// Takes the addresses from this host's interfaces, on whichever they are. A keepalived that was killed leaves them
    /// behind, and another balancer has them by then.
    var release: [String] {
        let script = """
            for address; do ip -4 -o address show to "$address/32" | while read -r _ device _ found _; do \
            ip address delete "$found" dev "$device"; done; done
            """
        return ["/bin/sh", "-c", script, "release"] + site.stack.frontAddresses.map(\.address)
    }
}

extension Stack {
    /// The host's own: it is root's, and Debian's reads a file of its package wherever it lies.
    public var keepalivedProgram: String { engines.keepalived ?? "/usr/sbin/keepalived" }
}

extension Site {
    var keepalivedService: ServiceBlueprint {
        let commands = AddressCommands(site: self)
        let program = stack.keepalivedProgram
        return ServiceBlueprint(
            name: .keepalived, command: commands.run(program, layout.keepalivedFile),
            check: commands.check(program, layout.keepalivedFile), workingDirectory: "/", account: .root,
            readiness: .running, startTimeoutSeconds: 10, stop: .init(signal: Signal.term, boundSeconds: 5),
            reloadSignal: Signal.hup, listeners: [], after: [.haproxy])
    }
}
