/// What systemd keeps a service's process from doing, also once an attacker has taken the process over
/// (systemd.exec(5)). `systemd-analyze security` gives at most 1.9 to servers, 3.0 to apps.
extension SystemdUnit {
    func sandbox(isApp: Bool) throws(BlueprintError) -> [String] {
        // An ordinary user needs a capability for low ports alone.
        let capability = service.listeners.contains { $0.port < 1024 } ? "CAP_NET_BIND_SERVICE" : ""
        var lines = [
            "NoNewPrivileges=yes", "CapabilityBoundingSet=\(capability)", "SystemCallArchitectures=native",
            "SystemCallFilter=@system-service", "SystemCallErrorNumber=EPERM", "LockPersonality=yes",
            "PrivateDevices=yes",
            "ProtectClock=yes", "ProtectControlGroups=yes", "ProtectHostname=yes", "ProtectKernelLogs=yes",
            "ProtectKernelModules=yes", "ProtectKernelTunables=yes", "ProtectProc=invisible", "RestrictRealtime=yes",
        ]
        if !capability.isEmpty { lines.append("AmbientCapabilities=\(capability)") }
        guard !isApp else {
            // An app is anything: it may live in somebody's home, write where its user may, share /tmp, make namespaces
            // (browsers do), and translate its code as it runs.
            return lines + ["ProtectSystem=full", "RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX"]
        }
        var folders: [String] = []
        for folder in writableFolders { folders.append(try SystemdSyntax.listed(folder)) }
        return lines + [
            // Static files, and the programs, may lie in a home.
            "ProtectHome=read-only", "ProtectSystem=strict", "ReadWritePaths=\(folders.joined(separator: " "))",
            "PrivateTmp=yes",
            "RemoveIPC=yes", "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX", "RestrictNamespaces=yes",
            "RestrictSUIDSGID=yes", "UMask=0077",
        ]
    }
}
