import TandemStack

/// Why a host could not be reached, or did not do what it was asked.
public struct ReachError: Error, Sendable, Equatable {
    public enum Problem: Sendable, Equatable {
        /// This machine has no OpenSSH client.
        case noClient(String)
        /// As OpenSSH names the host.
        case unknownKey(of: String)
        /// With the place of the key that was expected, such as `/root/.ssh/known_hosts:3`, where OpenSSH says so.
        case changedKey(of: String, place: String?)
        /// With the ways to log in that are left, such as `publickey,password`.
        case refusedLogin(ways: String)
        case tooManyKeys
        case unresolved(String)
        /// With the reason, such as `Connection refused`.
        case unreachable(String)
        /// Something in between took longer than it may.
        case timedOut(seconds: Int)
        case configuration(String)
        /// The user's login shell runs no command.
        case noShell(String)
        case saidTooMuch
        case other(String)
    }

    public var line: SSHCommandLine
    public var problem: Problem

    public init(_ line: SSHCommandLine, _ problem: Problem) {
        self.line = line
        self.problem = problem
    }

    private var place: String { line.destination.description }

    /// What happened, in one line.
    public var text: String {
        switch problem {
        case .noClient(let reason): "this machine cannot run OpenSSH's client: \(reason)"
        case .unknownKey(let name): "the key of \(name) is not known here, and Tandem accepts none by itself"
        case .changedKey(let name, let place):
            "\(name) shows another key than the one that is known here\(place.map { " (\($0))" } ?? ""): "
                + "it was installed anew, or somebody else answers in its place"
        case .refusedLogin(let ways): "\(place) lets nobody in with what was offered; it takes: \(ways)"
        case .tooManyKeys: "\(place) was offered so many keys that it hung up"
        case .unresolved(let name): "there is no host '\(name)': its name has no address"
        case .unreachable(let reason): "nothing answers at \(place): \(reason)"
        case .timedOut(let seconds): "\(place) did not finish within \(seconds) s"
        case .configuration(let words): "OpenSSH's configuration is wrong: \(words)"
        case .noShell(let words): "the login shell at \(place) runs no commands: \(words)"
        case .saidTooMuch: "\(place) said more than was asked of it"
        case .other(let words): "no connection to \(place): \(words)"
        }
    }

    /// What to do next.
    public var remedy: String {
        let byHand = line.byHand
        return switch problem {
        case .noClient: "sudo apt-get install openssh-client"
        case .unknownKey:
            "log in once by hand and compare the fingerprint with what the host's console or provider says: \(byHand)"
        case .changedKey(let name, let place):
            "if it was installed anew: ssh-keygen -R \(ShellWord.quoted(name))\(Self.file(place)), then log in by hand: \(byHand)"
        case .refusedLogin:
            "let this work without a question: \(byHand) (ssh-copy-id puts your key there; ssh-add gives ssh-agent a key "
                + "that has a passphrase)"
        case .tooManyKeys: "name the one key for it in ssh_config: IdentityFile, and IdentitiesOnly yes"
        case .unresolved: "give the host's 'address' or 'ssh' in the stack file a name that resolves"
        case .unreachable: "is the host up, sshd running, and port and address right? By hand: \(byHand)"
        case .timedOut: "look what keeps it busy: \(byHand)"
        case .configuration: "mend it; `ssh -G \(ShellWord.quoted(line.destination.name))` shows how OpenSSH reads it"
        case .noShell: "use a user with a shell such as /bin/bash (chsh)"
        case .saidTooMuch, .other: "try it by hand: \(byHand)"
        }
    }

    private static func file(_ place: String?) -> String {
        guard let place, let colon = place.lastIndex(of: ":") else { return "" }
        return " -f \(ShellWord.quoted(String(place[..<colon])))"
    }
}
