public import TandemStack

/// What OpenSSH's client is given for one host. What the user's own configuration says of keys, agents, jump hosts and
/// known hosts holds; what would make a connection do something else than run one command does not.
public struct SSHCommandLine: Sendable, Equatable {
    public var destination: SSHDestination
    /// A file in the form of ssh_config(5), in place of the user's own and the machine's.
    public var configuration: String?
    /// Of the connection that all commands of one session share.
    public var controlSocket: String

    /// How long a connection stays when nothing uses it any more and nobody has ended it.
    private static let idleSeconds = 60
    /// Until the host's sshd has said its first word.
    static let connectSeconds = 10

    public init(destination: SSHDestination, configuration: String? = nil, controlSocket: String) {
        self.destination = destination
        self.configuration = configuration
        self.controlSocket = controlSocket
    }

    /// - Parameter command: for the login shell of the user there.
    public func running(_ command: String, isTerminal: Bool = false) -> [String] {
        [isTerminal ? "-t" : "-T"] + options + ["--", destination.name, command]
    }

    /// Ends the connection.
    public var closing: [String] { ["-O", "exit"] + options + ["--", destination.name] }

    private var options: [String] {
        var words = configuration.map { ["-F", $0] } ?? []
        let settings = [
            // Nobody is there to answer questions, and a key is never accepted for want of an answer.
            "BatchMode=yes", "StrictHostKeyChecking=yes",
            "ControlMaster=auto", "ControlPath=\(controlSocket)", "ControlPersist=\(Self.idleSeconds)",
            "ConnectTimeout=\(Self.connectSeconds)", "ServerAliveInterval=5", "ServerAliveCountMax=3",
            "LogLevel=ERROR", "RemoteCommand=none", "PermitLocalCommand=no", "ClearAllForwardings=yes",
            "ForwardAgent=no", "ForwardX11=no", "EscapeChar=none",
        ]
        words += settings.flatMap { ["-o", $0] }
        if let port = destination.port { words += ["-p", "\(port)"] }
        if let user = destination.user { words += ["-l", user] }
        return words
    }

    /// As one types it, to log in by hand.
    public var byHand: String {
        guard let configuration else { return destination.commandLine }
        return "ssh -F \(ShellWord.quoted(configuration))" + destination.commandLine.dropFirst("ssh".count)
    }
}

/// Words of a POSIX shell; fish and csh read them in the same way.
public enum ShellWord {
    public static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "/._-+:=@%,".utf8.contains(byte)
            }
        }
        return isPlain && !text.isEmpty ? text : "'\(text.replacing("'", with: "'\\''"))'"
    }
}
