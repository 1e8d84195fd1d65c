//! Names whose values are secrets.
//!
//! Must not: match names that CORS is about (`Access-Control-Allow-Credentials`).

/// Longest name that is looked at; all secret names are shorter.
const MAX_NAME: usize = 48;

/// Names that are secret as a whole, without `-`, `_`, and in lower case.
const WHOLE: &[&[u8]] = &[
    b"authorization",
    b"proxyauthorization",
    b"cookie",
    b"cookies",
    b"setcookie",
    b"setcookie2",
    b"credential",
    b"credentials",
    b"xamzcredential",
    b"jwt",
    b"pwd",
    b"passwd",
    b"passphrase",
    b"session",
    b"sid",
    b"phpsessid",
    b"jsessionid",
    b"privatekey",
    b"otp",
    b"pin",
    b"sig",
    b"auth",
];

/// Endings that make a name secret: `accessToken`, `x-api-key`, `client_secret`.
const ENDINGS: &[&[u8]] = &[
    b"token",
    b"password",
    b"secret",
    b"apikey",
    b"apikeyvalue",
    b"signature",
    b"sessionid",
    b"secretkey",
    b"accesskey",
    b"accesskeyid",
    b"secretaccesskey",
    b"oidcdata",
    b"secretstring",
    b"secretbinary",
];

/// Query parameters whose values are secrets; elsewhere these names say nothing.
const PARAMETERS: &[&[u8]] =
    &[b"code", b"state", b"nonce", b"ticket", b"assertion", b"samlresponse", b"key"];

/// Where the values of a name are secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Secrecy {
    /// Everywhere.
    Secret,
    /// As a query parameter.
    Parameter,
    /// Nowhere.
    Open,
}

/// Where the values of this name are secrets.
pub(crate) fn secrecy(name: &[u8]) -> Secrecy {
    if !may_end_a_secret(name) {
        return Secrecy::Open;
    }
    let mut buffer = [0; MAX_NAME];
    let plain = normalize(name, &mut buffer);
    if WHOLE.contains(&plain) || ENDINGS.iter().any(|ending| plain.ends_with(ending)) {
        Secrecy::Secret
    } else if PARAMETERS.contains(&plain) {
        Secrecy::Parameter
    } else {
        Secrecy::Open
    }
}

/// For each letter, those that stand before it at the end of a name above, as bits.
const LAST_PAIRS: [u32; 26] = {
    let mut pairs = [0; 26];
    let mut lists = [WHOLE, ENDINGS, PARAMETERS].as_slice();
    while let [list, others @ ..] = lists {
        lists = others;
        let mut names = *list;
        while let [name, rest @ ..] = names {
            names = rest;
            if let [.., one @ b'a'..=b'z', last @ b'a'..=b'z'] = **name {
                #[expect(clippy::indexing_slicing, reason = "evaluated at compile time, below 26")]
                {
                    pairs[(last - b'a') as usize] |= 1 << (one - b'a');
                }
            }
        }
    }
    pairs
};

/// Whether the name that `text` ends in, maybe in quotes, is an open one, told by its last letters. Most
/// are, and are not looked at any further.
pub(crate) fn is_open_before(text: &[u8]) -> bool {
    let name = text.strip_suffix(b"\"").unwrap_or(text);
    !may_end_a_secret(name)
}

/// Whether it ends as one of the names above does, or in something else than two letters: for most
/// names that is all that need be asked.
fn may_end_a_secret(name: &[u8]) -> bool {
    let [.., one, last] = name else { return true };
    if !one.is_ascii_alphabetic() || !last.is_ascii_alphabetic() {
        return true;
    }
    let letter = |byte: &u8| byte.to_ascii_lowercase() - b'a';
    let before = LAST_PAIRS.get(usize::from(letter(last))).copied().unwrap_or_default();
    before >> letter(one) & 1 == 1
}

/// Whether the values of this name are secrets everywhere.
pub(crate) fn is_secret_name(name: &[u8]) -> bool {
    secrecy(name) == Secrecy::Secret
}

/// Whether it is a header whose value may contain blanks, commas and equals signs.
pub(crate) fn is_secret_header(name: &[u8]) -> bool {
    const HEADERS: &[&[u8]] =
        &[b"authorization", b"proxyauthorization", b"cookie", b"cookies", b"setcookie"];
    let mut buffer = [0; MAX_NAME];
    HEADERS.contains(&normalize(name, &mut buffer))
}

/// Names of headers without a dash, in lower case: they end the value before them in a Java map.
pub(crate) fn is_header_name(name: &[u8]) -> bool {
    const HEADERS: &[&[u8]] = &[
        b"accept",
        b"age",
        b"allow",
        b"authorization",
        b"connection",
        b"cookie",
        b"date",
        b"dnt",
        b"etag",
        b"expires",
        b"forwarded",
        b"from",
        b"host",
        b"location",
        b"origin",
        b"pragma",
        b"priority",
        b"range",
        b"referer",
        b"server",
        b"te",
        b"trailer",
        b"upgrade",
        b"vary",
        b"via",
        b"warning",
    ];
    // Dashes occur in cookie names as well, but hardly behind a comma and a blank.
    name.contains(&b'-') || HEADERS.iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn normalize<'a>(name: &[u8], buffer: &'a mut [u8; MAX_NAME]) -> &'a [u8] {
    let mut length = 0;
    // Of a longer name the end decides.
    let name = name.get(name.len().saturating_sub(MAX_NAME)..).unwrap_or_default();
    for byte in name.iter().filter(|byte| !matches!(byte, b'-' | b'_' | b'.')) {
        if let Some(slot) = buffer.get_mut(length) {
            *slot = byte.to_ascii_lowercase();
            length += 1;
        }
    }
    buffer.get(..length).unwrap_or_default()
}
