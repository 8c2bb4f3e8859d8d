/// What a host runs for a change that it undoes by itself: for a POSIX shell, with what Debian's essential packages and
/// systemd have.
extension ConfirmedChange {
    /// Root's alone. `staged/` is a change that is being sent, `pending/` one that waits for its confirmation; `last`
    /// says how the last one ended.
    static let folder = "/var/lib/tandem-change"
    /// Undoes at the next boot what was pending when the host went down.
    static let bootUnit = "tandem-change-undo.service"

    /// - Parameter identity: of this one change: letters and digits.
    func staging(identity: String) -> String {
        var lines = [
            "set -eu", "umask 077", "mkdir -p \(Self.folder)", "cd \(Self.folder)",
            // Two operators at once: one of them finds the lock taken.
            "exec 9> lock", "flock -n 9 || { echo 'another change of this host is being made' >&2; exit 75; }",
            "rm -rf staged", "mkdir -p staged/new staged/old",
            "printf '%s\\n' \(identity) > staged/identity",
        ]
        for (name, text) in [
            ("host", Self.program), ("note", script.note), ("check", script.check), ("apply", script.apply),
            ("undo", script.undo),
        ] {
            lines.append("printf '%s\\n' \(ShellWord.quoted(text)) > staged/\(name)")
        }
        lines.append("printf '%s\\n' \(files.map { ShellWord.quoted($0.path) }.joined(separator: " ")) > staged/paths")
        for (index, file) in files.enumerated() {
            let new = "staged/new/\(index + 1)"
            switch file.content {
            case .text(let text, let mode):
                lines.append("printf '%s' \(ShellWord.quoted(text)) > \(new)")
                lines.append("chmod \(String(mode, radix: 8)) \(new)")
            case .link(let target): lines.append("ln -s -- \(ShellWord.quoted(target)) \(new)")
            case .absent: lines.append(": > \(new).absent")
            }
        }
        return (lines + ["exec /bin/sh staged/host prepare"]).joined(separator: "\n") + "\n"
    }

    /// `sh host VERB …`, in the folder above.
    private static let program = #"""
        set -u
        umask 022
        folder=/var/lib/tandem-change
        export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        cd "$folder" || exit
        timer=tandem-change-undo-

        lock() { # SECONDS
            exec 9>> lock
            flock -w "$1" 9 || { echo "another change of this host is being made" >&2; exit 75; }
        }
        # Puts new/ or old/ into place: each file at once, never a half of one.
        place() {
            number=0
            while IFS= read -r path; do
                number=$((number + 1))
                if [ -e "pending/$1/$number.absent" ]; then
                    rm -f -- "$path" || return
                else
                    mkdir -p -- "$(dirname -- "$path")" && cp -a -- "pending/$1/$number" "$path.tandem-new" || return
                    mv -fT -- "$path.tandem-new" "$path" || return
                    [ -L "$path" ] || sync -- "$path" || return
                fi
                # Of a file that is not to be there the folder need not be, either.
                parent=$(dirname -- "$path")
                [ ! -d "$parent" ] || sync -- "$parent" || return
            done < pending/paths
        }
        # $1 is a script of the change, $2 its bound in seconds, $3 where the change lies.
        carry_out() { timeout -k 5 "$2" /bin/sh "$folder/$3/$1" "$folder/$3" 9>&-; }
        ended() { # HOW
            rm -rf ended && mv -T pending ended && sync . && echo "$identity $1" > last
        }
        pending() {
            identity=$(cat pending/identity 2>/dev/null) || return
            [ -n "$identity" ]
        }
        undo() {
            place old || return
            carry_out undo 60 pending || return
            ended undone
        }
        # Also where the boot's own unit did not come about: one that nobody would undo any more is undone now.
        left_over() {
            pending || return 0
            systemctl is-active --quiet "$timer$identity.timer" "$timer$identity.service" && return 1
            undo
        }

        case $1 in
        prepare)
            # The caller holds the lock.
            left_over || { echo "another change of this host waits for its confirmation" >&2; exit 75; }
            number=0
            while IFS= read -r path; do
                number=$((number + 1))
                [ -L "$path" ] || [ ! -d "$path" ] || { echo "$path is a folder" >&2; exit 1; }
                if [ -e "$path" ] || [ -L "$path" ]; then
                    cp -a -- "$path" "staged/old/$number" || exit
                else
                    : > "staged/old/$number.absent"
                fi
            done < staged/paths
            cat > staged/where <<'END'
        staged() { number=$(grep -nxF -- "$1" /var/lib/tandem-change/staged/paths | head -n 1); echo "/var/lib/tandem-change/staged/new/${number%%:*}"; }
        END
            for script in check note; do cat staged/where "staged/$script" > "staged/$script-all" || exit; done
            carry_out check-all 60 staged && carry_out note-all 60 staged
            ;;
        begin) # SECONDS
            lock 10
            identity=$(cat staged/identity) || exit
            unit=/etc/systemd/system/tandem-change-undo.service
            cat > staged/unit <<'END'
        [Unit]
        Description=Undo what was changed and not confirmed before this host went down
        DefaultDependencies=no
        ConditionPathExists=/var/lib/tandem-change/pending
        RequiresMountsFor=/var/lib/tandem-change
        After=local-fs.target
        Before=network-pre.target sysinit.target shutdown.target
        Conflicts=shutdown.target

        [Service]
        Type=oneshot
        ExecStart=/bin/sh /var/lib/tandem-change/pending/host boot

        [Install]
        WantedBy=sysinit.target
        END
            if ! cmp -s staged/unit "$unit"; then
                cp staged/unit "$unit.tandem-new" && mv -f "$unit.tandem-new" "$unit" || exit
                mkdir -p /etc/systemd/system/sysinit.target.wants
                ln -sfn "$unit" /etc/systemd/system/sysinit.target.wants/tandem-change-undo.service || exit
                sync -- "$unit" /etc/systemd/system/sysinit.target.wants && systemctl daemon-reload || exit
            fi
            # The timer first: where it cannot be had, nothing is changed.
            systemd-run --quiet --collect --unit="$timer$identity" --on-active="$2" --timer-property=AccuracySec=1s \
                --property=Restart=on-failure --property=RestartSec=5 --property=StartLimitIntervalSec=0 \
                /bin/sh "$folder/pending/host" undo "$identity" || exit
            find staged -type f -exec sync {} + && find staged -type d -exec sync {} + || exit
            mv -T staged pending && sync . || exit
            if place new && carry_out apply $(($2 * 2 / 3)) pending; then exit 0; fi
            echo "it could not be put in place" >&2
            undo && systemctl stop "$timer$identity.timer"
            exit 1
            ;;
        confirm) # IDENTITY
            lock 10
            pending && [ "$identity" = "$2" ] || { echo "it was undone before it was confirmed" >&2; exit 1; }
            ended confirmed || exit
            systemctl stop "$timer$identity.timer" || :
            ;;
        undo) # IDENTITY
            lock 50
            pending && [ "$identity" = "$2" ] || exit 0
            undo && { systemctl stop "$timer$identity.timer" || :; }
            ;;
        boot)
            lock 50
            pending || exit 0
            # Whatever reads these files starts later, and so needs no telling.
            place old && ended undone && systemctl daemon-reload
            ;;
        state)
            if pending; then echo "$identity pending"; else cat last; fi
            ;;
        esac
        """#
}
