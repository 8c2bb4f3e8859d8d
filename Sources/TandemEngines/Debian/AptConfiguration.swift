/// The files that give apt a world of its own inside a folder. Pure.
struct AptConfiguration: Sendable {
    /// Absolute.
    let folder: String
    let sources: [AptSource]
    let keyring: String
    let architecture: String

    var lists: String { "\(folder)/lists" }
    var archives: String { "\(folder)/archives" }
    /// Always empty: with it as the archive folder, apt lists all packages and not only those it lacks.
    var nothing: String { "\(folder)/nothing" }
    var configurationFile: String { "\(folder)/apt.conf" }

    /// Packages that the engines' packages depend on and the programs run without: apt believes that they are
    /// installed, and fetches neither them nor what they need.
    static let pretended = [
        "adduser", "debconf", "fonts-glyphicons-halflings", "init-system-helpers", "iproute2", "libjs-bootstrap4",
        "libjs-eonasdan-bootstrap-datetimepicker", "libjs-jquery", "libjs-jquery-hotkeys", "libjs-moment",
        "libjs-moment-timezone", "libjs-mustache", "libjs-popper.js", "libjs-rickshaw", "lsb-base", "mysql-common",
        "passwd", "perl", "perl-base", "systemd-standalone-sysusers", "systemd-standalone-tmpfiles", "sysvinit-utils",
        "tzdata",
    ]

    var statusFile: String {
        Self.pretended.map { name in
            """
            Package: \(name)
            Status: install ok installed
            Maintainer: nobody <nobody@localhost>
            Architecture: \(architecture)
            Multi-Arch: allowed
            Version: 99:9
            Description: stands in for the real package


            """
        }.joined()
    }

    var sourceList: String {
        sources.map { "deb [target=Packages signed-by=\(keyring)] \($0.base) \($0.suite) main\n" }.joined()
    }

    /// Comes on top of the machine's own settings in /etc/apt (proxy, certificates, validity), so it undoes what would
    /// lead out of the folder or weaken the check of signatures.
    var settings: String {
        """
        Dir::Etc::sourcelist "\(folder)/sources.list";
        Dir::Etc::sourceparts "/dev/null";
        Dir::Etc::preferences "/dev/null";
        Dir::Etc::preferencesparts "/dev/null";
        Dir::State "\(folder)/state";
        Dir::State::lists "\(lists)";
        Dir::State::status "\(folder)/status";
        Dir::Cache "\(folder)/cache";
        Dir::Cache::archives "\(archives)";
        Dir::Cache::pkgcache "packages.bin";
        Dir::Cache::srcpkgcache "sources.bin";
        Dir::Log "\(folder)";
        APT::Architecture "\(architecture)";
        #clear APT::Architectures;
        APT::Architectures "\(architecture)";
        #clear APT::Default-Release;
        APT::Install-Recommends "false";
        APT::Install-Suggests "false";
        APT::Sandbox::User "";
        APT::Get::AllowUnauthenticated "false";
        APT::Keep-Downloaded-Packages "true";
        Acquire::AllowInsecureRepositories "false";
        Acquire::AllowWeakRepositories "false";
        Acquire::AllowDowngradeToInsecureRepositories "false";
        Acquire::ForceHash "SHA256";
        Acquire::Languages "none";
        Acquire::Retries "3";
        Acquire::http::Timeout "20";
        Acquire::https::Timeout "20";
        #clear DPkg::Pre-Install-Pkgs;
        #clear DPkg::Post-Invoke;
        #clear APT::Update::Pre-Invoke;
        #clear APT::Update::Post-Invoke;
        #clear APT::Update::Post-Invoke-Success;

        """
    }
}
