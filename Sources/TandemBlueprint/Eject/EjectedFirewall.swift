import TandemStack

/// The firewall of a host that runs without Tandem: rules that belong to root, and the unit that loads them.
struct EjectedFirewall {
    var rules: FileBlueprint
    var unit: FileBlueprint
    /// Debian's own rules begin with deleting everybody's, whenever they are loaded or unloaded. What follows loads
    /// these again.
    var addition: FileBlueprint

    /// - Parameter file: as the blueprint has it, in a folder of the servers' user.
    init(_ file: FileBlueprint, host: Host, names: EjectedNames) {
        let firewall = FirewallUnit(
            rules: names.firewallFile(host), name: names.firewallUnit(host), folder: names.unitFolder,
            stack: names.stack, host: host.name, origin: KeepalivedUnit.ejected)
        rules = FileBlueprint(path: names.firewallFile(host), contents: file.contents, mode: 0o644)
        unit = firewall.unit
        addition = firewall.addition(name: "\(names.stack)-\(host.name)")
    }
}

/// The unit that loads a firewall.
struct FirewallUnit {
    /// The path of the rules.
    var rules: String
    var name: String
    /// Of systemd's units.
    var folder: String
    var stack: String
    var host: String
    /// The first line of each file.
    var origin: String

    func addition(name: String) -> FileBlueprint {
        let again = "-/usr/bin/systemctl --no-block try-reload-or-restart \(self.name)"
        return FileBlueprint(
            path: "\(folder)/nftables.service.d/\(name).conf",
            contents: """
                \(origin)
                # Rules of /etc/nftables.conf take those of others away; where they are in use, they are loaded again.
                [Service]
                ExecStartPost=\(again)
                ExecReload=\(again)
                ExecStopPost=\(again)

                """, mode: 0o644)
    }

    var unit: FileBlueprint { FileBlueprint(path: "\(folder)/\(name)", contents: text, mode: 0o644) }

    private var text: String {
        """
        \(origin)
        [Unit]
        Description=firewall of \(host) in the stack \(stack)
        # Before there is a network, so that nothing slips in first.
        DefaultDependencies=no
        Wants=network-pre.target
        Before=network-pre.target shutdown.target
        Conflicts=shutdown.target
        After=local-fs.target nftables.service tandem-change-undo.service
        StartLimitIntervalSec=0

        [Service]
        Type=oneshot
        RemainAfterExit=yes
        ExecStart=/usr/sbin/nft -f \(rules)
        ExecReload=/usr/sbin/nft -f \(rules)
        ExecStop=-/usr/sbin/nft delete table inet tandem
        # So early in a boot systemd does not always manage to begin with what follows (status 226, NAMESPACE).
        Restart=on-failure
        RestartSec=1s
        NoNewPrivileges=yes
        CapabilityBoundingSet=CAP_NET_ADMIN
        SystemCallArchitectures=native
        SystemCallFilter=@system-service
        SystemCallErrorNumber=EPERM
        LockPersonality=yes
        MemoryDenyWriteExecute=yes
        PrivateDevices=yes
        ProtectClock=yes
        ProtectControlGroups=yes
        ProtectHome=read-only
        ProtectHostname=yes
        ProtectKernelLogs=yes
        ProtectSystem=strict
        RestrictAddressFamilies=AF_NETLINK
        RestrictNamespaces=yes
        RestrictRealtime=yes
        RestrictSUIDSGID=yes

        [Install]
        WantedBy=sysinit.target

        """
    }
}
