import Foundation

/// What a host is asked for its `HostFacts`. Nothing there is changed.
public enum HostQuestions {
    private static let seconds = 60

    public static func ask(_ session: HostSession) async throws -> HostFacts {
        let clock = try await clock(session)
        let outcome = try await session.run(["/bin/sh", "-s"], input: Array(script.utf8), seconds: seconds)
        guard var facts = HostFacts(answer: outcome.output) else {
            throw ReachError(session.line, .other("its answer was cut off (\(outcome.errors))"))
        }
        facts.clockAheadSeconds = clock
        return facts
    }

    /// The host's clock was read between two looks at this machine's.
    private static func clock(_ session: HostSession) async throws -> ClosedRange<Double>? {
        let before = Date().timeIntervalSince1970
        let outcome = try await session.run(["date", "+%s.%N"])
        let after = Date().timeIntervalSince1970
        guard let there = Double(outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)), before <= after else {
            return nil
        }
        return there - after...there - before
    }

    /// For a POSIX shell with what Debian's essential packages have. As root it learns which program listens where.
    static let script = #"""
        export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        say() { printf '%s=%s\n' "$1" "$2"; }
        has() { command -v "$1" >/dev/null 2>&1; }
        release() { sed -n "s/^$1=//p" /etc/os-release | tr -d '"'; }
        say architecture "$(uname -m)"
        say kernel "$(uname -r)"
        say system "$(release ID)"
        say version "$(release VERSION_ID)"
        say name "$(release PRETTY_NAME)"
        say init "$(cat /proc/1/comm)"
        if has systemctl; then
            say systemd "$(systemctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')"
            say state "$(systemctl is-system-running 2>/dev/null)"
            systemctl list-units --type=service --state=active --plain --no-legend --no-pager 2>/dev/null |
                while read -r unit _; do say unit "$unit"; done
        fi
        say machine "$(cat /etc/machine-id 2>/dev/null)"
        has timedatectl && say synchronised "$(timeout 5 timedatectl show -p NTPSynchronized --value 2>/dev/null)"
        say memory "$(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo)"
        say files "$(sed -n 's/^Max open files *[^ ]* *\([^ ]*\) .*/\1/p' /proc/1/limits 2>/dev/null)"
        for folder in /var/lib /var/log; do
            free=$(df -Pk "$folder" | { read -r _; read -r _ _ _ free _; echo "$free"; })
            say disk "$folder $free $(findmnt -no OPTIONS -T "$folder" 2>/dev/null)"
        done
        has ip && ip -o address show 2>/dev/null | while read -r _ _ _ address _; do say address "$address"; done
        if has ss; then
            say listeners yes
            ss -Hltnp 2>/dev/null | while IFS= read -r line; do say listener "$line"; done
        fi
        has nft && say nft yes
        has keepalived && say keepalived "$(keepalived --version 2>&1 | sed -n '1s/^Keepalived v\([0-9.]*\).*/\1/p')"
        # Root alone may list them.
        if ! has nft; then
            say tables yes
        elif tables=$(nft list tables 2>/dev/null); then
            say tables yes
            printf '%s\n' "$tables" | while read -r _ table; do say table "$table"; done
        fi
        mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
            sed -n 's,^[^#]*\(https*://[^ ]*/debian\)/*\( .*\)*$,\1,p' | head -n 1)
        mirror=${mirror:-https://deb.debian.org/debian}
        if [ -x /usr/lib/apt/apt-helper ] && folder=$(mktemp -d); then
            if timeout 15 /usr/lib/apt/apt-helper -o Acquire::Retries=0 -o Acquire::http::Timeout=8 \
                -o Acquire::https::Timeout=8 download-file "$mirror/dists/trixie/InRelease" "$folder/index" \
                 >"$folder/words" 2>&1; then
                say archive yes
            else
                words=$(sed -n 's/^E: //p' "$folder/words" | head -n 1)
                say archive "${words:-$mirror does not answer}"
            fi
            rm -rf "$folder"
        fi
        say end yes

        """#
}
