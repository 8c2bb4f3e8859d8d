extension Schema {
    static let ssh = Section(
        path: "ssh",
        explanation: """
            How hosts with addresses of their own are reached from the operator's machine: by OpenSSH's own client, so \
            that its configuration, agent, jump hosts and known hosts hold. A host's key must be known beforehand: \
            Tandem accepts none by itself. The user is root, or one whom sudo lets become root without a password. \
            A host whose name, user or port differs says so itself, in `hosts`.
            """,
        keys: [
            Key(
                name: "user", kind: .userName,
                presence: .derived("what OpenSSH's configuration says, or your own name"),
                synonyms: ["username", "login", "remote_user"],
                explanation: "The user to log in as.",
                example: "root"),
            Key(
                name: "port", kind: .port, presence: .derived("what OpenSSH's configuration says, or 22"),
                explanation: "The port that sshd listens on.",
                example: "22"),
            Key(
                name: "config", kind: .path, presence: .derived("your own ~/.ssh/config and the machine's"),
                synonyms: ["config_file", "ssh_config"],
                explanation: "A file in the form of ssh_config(5) that is read in place of your own and the machine's.",
                example: "ssh_config"),
        ])

    static let firewall = Section(
        path: "firewall",
        explanation: """
            What hosts with addresses of their own let in, besides users to the balancers' two ports and the hosts of the stack \
            to each other's. All else is dropped. `tandem up` loads it as rules for nftables; `tandem render` and `tandem eject` \
            write it.
            """,
        keys: [
            Key(
                name: "ssh", kind: .networks, presence: .derived("from anywhere"),
                synonyms: ["ssh_from", "admin", "allow_ssh"],
                explanation: "From where SSH is let in, to port 22, or those of `ssh`.",
                example: "[203.0.113.0/24, 2001:db8::/32]")
        ])
}
