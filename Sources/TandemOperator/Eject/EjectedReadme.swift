import TandemBlueprint
import TandemStack

/// The way from the written folder to a running stack: every command, in order.
struct EjectedReadme {
    var stack: Stack
    var names: EjectedNames
    var hosts: [EjectedHost]
    var primary: Host
    var partner: Host?
    var programs: Layout.Programs

    var text: String {
        ([introduction, files, install, databases]
            + [rest, firewall, changes, certificates, limits].filter { !$0.isEmpty }).joined(separator: "\n\n")
            + "\n"
    }

    private var introduction: String {
        let table = stack.hosts.map { host in
            "| \(host.name) | \(host.address) | \(host.roles.map(\.rawValue).joined(separator: ", ")) |"
        }
        return """
            # The stack \(stack.name), without Tandem

            Plain files for HAProxy, nginx, MySQL and systemd. Nothing in here calls Tandem. **It holds passwords and private
            keys**: keep it to yourself, and out of version control.

            | host | address | roles |
            | --- | --- | --- |
            \(table.joined(separator: "\n"))
            """
    }

    private var files: String {
        """
        ## What is where

        A folder for each host, as it has to lie under `/`:

        - `\(names.configurationRoot)/HOST/`: haproxy.cfg, nginx.conf, router.cfg (HAProxy between app and databases),
          my.cnf, the certificates
        - `\(names.configurationRoot)/HOST.app.env`: what the app gets, its secrets and `DATABASE_URL`s among it\(workerFiles)\(jobFiles)
        - `\(names.unitFolder)/\(stack.name)-HOST-SERVICE.service`
        - data goes to `\(names.stateRoot)/HOST/`, logs to `\(names.logRoot)/HOST/` and to the journal

        `pki/` has the certificate authority, `secrets.json` all passwords: no host needs them.
        """
    }

    private var workerFiles: String {
        let names = stack.app.workers.map { "`HOST.\($0.name).env`" }
        guard !names.isEmpty, let host = stack.hosts(.app).first?.name else { return "" }
        let alone = stack.app.workers.filter { $0.placement == .one }.map(\.name)
        let place =
            alone.isEmpty
            ? ""
            : "; \(alone.joined(separator: ", ")) on \(host) alone: when it is gone for long, start the unit on another host, "
                + "and never on two"
        return "; and beside it \(names.joined(separator: ", ")) for the workers\(place)"
    }

    private var jobFiles: String {
        guard !stack.app.jobs.isEmpty, let host = stack.hosts(.app).first?.name else { return "" }
        let names = stack.app.jobs.map { "`\(self.names.stack)-\(host)-\($0.name).timer`" }
        return ". The scheduled jobs run on \(host) alone: \(names.joined(separator: ", "))"
    }

    private var install: String {
        let moves = !stack.frontAddresses.isEmpty
        let own =
            [programs.haproxy, programs.nginx, programs.mysqld, programs.mysql]
            + (moves ? [stack.keepalivedProgram] : [])
        let unpack = hosts.map { host in
            stack.isOnThisMachine
                ? "tar -C \(host.host.name) -c . | tar -C / --no-overwrite-dir --no-same-owner -xp"
                : "tar -C \(host.host.name) -c . | ssh root@\(host.host.address) tar -C / --no-overwrite-dir --no-same-owner -xp"
        }
        let perHost = hosts.map {
            "systemd-tmpfiles --create \(names.root)/etc/tmpfiles.d/\(stack.name)-stack-\($0.host.name).conf"
        }
        let users = "systemd-sysusers \(names.root)/etc/sysusers.d/\(stack.name)-stack.conf"
        return """
            ## 1. On every host, as root

            The programs: \(own.map { "`\($0)`" }.joined(separator: ", ")). HAProxy 3.0 or later, MySQL (not MariaDB)
            8.0.30 or later\(moves ? ", keepalived 2.2.7 or later" : ""). Of Debian's packages disable what they start by themselves:
            `systemctl disable --now haproxy nginx mysql\(moves ? " keepalived" : "")`.

            Unpack, from this folder:

            \(block(unpack))

            Then make users and folders (only the line of the host that you are on):

            \(block([users] + perHost + ["systemctl daemon-reload"]))
            \(appPlace)
            """
    }

    private var appPlace: String {
        let folder = stack.app.workingDirectory
        guard !stack.isOnThisMachine else {
            return "\nThe app is run from `\(folder)` by the user `\(names.appUser)`, who has to be able to read it."
        }
        return "\nPut the app into `\(folder)` on \(list(stack.hosts(.app))), readable for `\(names.appUser)`."
    }

    private var databases: String {
        let databases = hosts.filter { $0.host.has(.database) }
        let first = databases.filter { $0.host == primary }
        let others = databases.filter { $0.host != primary }
        var parts = [
            "## 2. The databases", "On \(list(databases.map(\.host))), once: empty data, and the service.",
            block(databases.flatMap(begin)), "On \(primary.name): the app's database and all users.",
            block(first.map { "\(client($0)) < \($0.layout.etcFolder)/primary.sql" }),
        ]
        if !others.isEmpty {
            parts += [
                "On \(list(others.map(\.host))): follow \(primary.name). `Replica_IO_Running` and `Replica_SQL_Running` have to say Yes.",
                block(
                    others.flatMap {
                        [
                            "\(client($0)) < \($0.layout.etcFolder)/replica.sql",
                            "\(client($0)) --vertical -e 'SHOW REPLICA STATUS'",
                        ]
                    }),
            ]
        }
        if let partner {
            parts += [
                "On \(primary.name), when \(partner.name) follows: from now on each write waits until it has it, too.",
                block(first.map { "\(client($0)) -e 'SET GLOBAL rpl_semi_sync_source_enabled = ON'" }),
            ]
        }
        parts += first.map {
            """
            These databases are empty. To take the stack's data along, call `tandem mysqldump > dump.sql` while the stack runs, and
            load it on \(primary.name) before part 3: `\(client($0)) \(stack.database.name) < dump.sql`.
            """
        }
        return parts.joined(separator: "\n\n")
    }

    private func begin(_ host: EjectedHost) -> [String] {
        let folder = host.layout.etcFolder
        let unit = host.units.first { $0.contains("-mysql") } ?? ""
        return [
            "runuser -u \(names.engineUser) -- \(programs.mysqld) --defaults-file=\(folder)/my.cnf --initialize-insecure --skip-log-bin --init-file=\(folder)/root.sql",
            "systemctl enable --now \(unit)",
        ]
    }

    private func client(_ host: EjectedHost) -> String {
        "\(programs.mysql) --defaults-extra-file=\(host.layout.etcFolder)/client.cnf"
    }

    private var rest: String {
        let ordered = hosts.filter { !$0.host.has(.balancer) } + hosts.filter { $0.host.has(.balancer) }
        let units = ordered.map { host in
            let own = host.units.filter { !$0.contains("-mysql") }
            return own.isEmpty ? "" : "systemctl enable --now \(own.joined(separator: " "))"
        }.filter { !$0.isEmpty }
        let port = stack.balancer.httpsPort.number
        let balancers = stack.hosts(.balancer)
        let asked = balancers.map {
            "curl --cacert pki/ca.pem --connect-to ::\($0.address):\(port) https://\(stack.domain):\(port)\(stack.app.health)"
        }
        return """
            ## 3. The rest

            \(preparation)App hosts and web servers first, then the balancers:

            \(block(units))

            Each balancer answers:

            \(block(asked))

            \(address)
            """
    }

    private var address: String {
        let addresses = stack.frontAddresses.map { "`\($0.address)`" }
        guard !addresses.isEmpty else {
            return """
                Users reach a balancer by its address. Let the name `\(stack.domain)` lead to all of them, or move one address
                between them with keepalived (`front` in the stack file).
                """
        }
        return """
            keepalived puts \(addresses.joined(separator: " and ")) on one balancer, and on another one within half a second when that one is gone;
            let the name `\(stack.domain)` lead there. `ip address` shows where it is. Its settings, `keepalived.conf`, are root's:
            `\(names.configurationRoot)/BALANCER.root/`. To move an address by hand, stop the unit on the balancer that has it.
            """
    }

    /// `app: prepare`, where the stack file has it.
    private var preparation: String {
        guard let host = hosts.first(where: { $0.preparationUnit != nil }), let unit = host.preparationUnit else {
            return ""
        }
        let router = host.units.filter { $0.contains("-router") }.map { "systemctl enable --now \($0)" }
        return """
            On \(host.host.name), here and before the app is restarted with a new version: what `prepare` names.

            \(block(router + ["systemctl start \(unit)"]))


            """
    }

    /// Hosts that are one machine share its firewall, which Tandem knows nothing of.
    private var firewall: String {
        guard !stack.isOnThisMachine, let first = hosts.first?.host else { return "" }
        let rules = names.firewallFile(first)
        let load = [
            "apt-get install nftables",
            "systemd-run --unit=undo-firewall --on-active=60 --timer-property=AccuracySec=1s /usr/sbin/nft delete table inet tandem",
            "nft -f \(rules)",
        ]
        return """
            ## 4. The firewall

            `\(names.configurationRoot)/HOST.nft` lets in users to the balancers' ports, hosts of the stack to each other's, and
            SSH; all else is dropped. It is one table of nftables, `inet tandem`; rules of others stay, and hold besides.
            Load it so that a mistake undoes itself after a minute, on each host (here \(first.name)):

            \(block(load))

            Log in anew, in another terminal. When that works, keep it, also after the next boot:

            \(block(["systemctl stop undo-firewall.timer", "systemctl enable --now \(names.firewallUnit(first))"]))

            `nft list table inet tandem` shows it, with the number of packets that it has dropped.
            """
    }

    private var changes: String {
        """
        ## Later

        After a change of a file: `systemctl reload UNIT` for HAProxy and nginx (the program checks its files first),
        `systemctl restart UNIT` for the rest. `systemctl stop` of a primary closes it before it ends.

        When \(partner?.name ?? "a replica") is away, writes on \(primary.name) wait for it. To go on without it, on \(primary.name):
        `SET GLOBAL rpl_semi_sync_source_enabled = OFF`. What is written then is on one server only until it has caught up;
        then switch it on again.
        """
    }

    private var certificates: String {
        let renew = [
            "openssl x509 -x509toreq -in cert.pem -signkey key.pem -copy_extensions copyall -out renewed.csr",
            "openssl x509 -req -in renewed.csr -CA pki/ca.pem -CAkey pki/ca-key.pem -copy_extensions copyall -days 397 -out cert.pem",
        ]
        return """
            ## Certificates

            They are good for 397 days, the authority in `pki/` for ten years. `tandem eject --force` into this folder renews
            them, and so does OpenSSL 3, for each `cert.pem` and, of balancers, for `front-cert.pem`, from which
            `front.pem` is put together (certificate, then key):

            \(block(renew))
            """
    }

    private var limits: String {
        """
        ## What Tandem did, and nobody does now

        - Nothing fails over: \(primary.name) is the primary, for good.
        - The database router sends writes to \(primary.name) and reads to every server that accepts connections, however far
          behind it is.
        - A replica that lost its data is not copied anew: stop it, empty its data folder, begin with it as in part 2. If the
          primary no longer has all of its binary logs (they are kept for a week), copy it with MySQL's CLONE first.
        - Nobody watches a process that runs and does not answer.
        """
    }

    // MARK: - Words

    private func block(_ lines: [String]) -> String { lines.map { "    \($0)" }.joined(separator: "\n") }

    private func list(_ hosts: [Host]) -> String {
        let names = hosts.map(\.name)
        guard let last = names.last, names.count > 1 else { return names.first ?? "" }
        return names.dropLast().joined(separator: ", ") + " and " + last
    }
}
