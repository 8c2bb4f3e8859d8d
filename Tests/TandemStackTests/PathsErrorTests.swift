import Testing

@Suite("Errors: Files and folders")
struct PathsErrorTests {
    @Test("Every problem is told in its place", arguments: pathsErrors)
    func errorsAreTold(golden: Golden) {
        #expect(errors(golden.input + "\n") == golden.output)
    }
}

private let pathsErrors = [
    Golden(
        "A folder that would end a statement",
        #"""
        stack: shop
        app: {run: x}
        web: {static: "public; autoindex on"}
        """#,
        #"""
        tandem.yaml:3:15: error: web.static: a path must not hold ;, which generated configuration cannot carry; found 'public; autoindex on'
        """#),
    Golden(
        "A variable",
        #"""
        stack: shop
        app: {run: x}
        web: {static: $HOME/public}
        """#,
        #"""
        tandem.yaml:3:15: error: web.static: a path must not hold $, which generated configuration cannot carry; found '$HOME/public'
        """#),
    Golden(
        "A line break",
        #"""
        stack: shop
        app: {run: x}
        engines: {nginx: "/usr/bin/nginx\n"}
        """#,
        #"""
        tandem.yaml:3:18: error: engines.nginx: a path must not hold control characters; found '/usr/bin/nginx\n'
        """#),
    Golden(
        "The home folder",
        #"""
        stack: shop
        app: {run: x}
        engines: {mysqld: ~/bin/mysqld}
        """#,
        #"""
        tandem.yaml:3:19: error: engines.mysqld: expected a path, absolute or relative to the stack file, found '~/bin/mysqld'; '~' is not expanded
        """#),
    Golden(
        "A number",
        #"""
        stack: shop
        app: {run: x}
        web: {static: 2024}
        """#,
        #"""
        tandem.yaml:3:15: error: web.static: expected a folder, or a map: the beginning of a path such as /media, then its folder, found the number '2024'; if it is meant as text, put quotes around it
        """#),
    Golden(
        "The folder of the stack file",
        #"""
        stack: shop
        app: {run: x}
        web: {static: .}
        """#,
        #"""
        tandem.yaml:3:15: error: web.static: '/srv/shop' would show the stack file and the keys beside it to everyone; expected a folder of public files, such as 'public'
        """#),
    Golden(
        "A folder around the stack file",
        #"""
        stack: shop
        app: {run: x}
        web: {static: public/../../..}
        """#,
        #"""
        tandem.yaml:3:15: error: web.static: '/srv/shop/public/../../..' would show the stack file and the keys beside it to everyone; expected a folder of public files, such as 'public'
        """#),
    Golden(
        "The stack's own data",
        #"""
        stack: shop
        app: {run: x}
        web: {static: ./.tandem/hosts}
        """#,
        #"""
        tandem.yaml:3:15: error: web.static: '/srv/shop/.tandem/hosts' would show the stack file and the keys beside it to everyone; expected a folder of public files, such as 'public'
        """#),
    Golden(
        "Folders of static files under wrong beginnings",
        #"""
        stack: shop
        app: {run: x}
        web:
          static:
            media: uploads
            /.tandem: public
            /a b: public
            /x: [public]
            /y/: one
            /y: two
            /z: .tandem/shop
            /w: /var/lib/tandem/stacks/other/hosts
        """#,
        #"""
        tandem.yaml:5:5: error: web.static: expected the beginning of a path, such as /media, without names that begin with a dot, found 'media'; did you mean '/media'?
        tandem.yaml:6:5: error: web.static: expected the beginning of a path, such as /media, without names that begin with a dot, found '/.tandem'
        tandem.yaml:7:5: error: web.static: expected the beginning of a path, such as /media, without names that begin with a dot, found '/a b'
        tandem.yaml:8:9: error: web.static./x: expected a path, absolute or relative to the stack file, found a list
        tandem.yaml:10:5: error: web.static: '/y/' is here twice; first in line 9
        tandem.yaml:11:9: error: web.static./z: '/srv/shop/.tandem/shop' would show the stack file and the keys beside it to everyone; expected a folder of public files, such as 'public'
        tandem.yaml:12:9: error: web.static./w: '/var/lib/tandem/stacks/other/hosts' would show the stack file and the keys beside it to everyone; expected a folder of public files, such as 'public'
        """#),
]
