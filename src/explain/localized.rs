//! What Firefox prints in other languages than English, as far as it was seen: it translates all of
//! its text, where Chromium and Safari translate none.
//!
//! Must not: hold a translation of our own.

use crate::explain::wording::Meaning::{Check, Exactly};
use crate::explain::wording::{ANY, ANY_VALUE, F, FAILED, Meaning, NOT_OK, Wording};
use crate::model::BlockReason as R;

/// The reasons, then what stands in front of any.
pub(crate) const LOCALIZED: &[(Meaning, &[Wording])] = &[
    (
        Check(&[R::MissingAllowOriginHeader]),
        &[
            (F, "CORS-Kopfzeile 'Access-Control-Allow-Origin' fehlt"),
            (F, "l'en-tête CORS « Access-Control-Allow-Origin » est manquant"),
            (F, "falta la cabecera CORS 'Access-Control-Allow-Origin'"),
            (F, "o cabeçalho CORS 'Access-Control-Allow-Origin' não está presente"),
            (F, "CORS 头缺少 'Access-Control-Allow-Origin'"),
            (F, "CORS ヘッダー 'Access-Control-Allow-Origin' が足りない"),
        ],
    ),
    (
        Check(ANY_VALUE),
        &[
            (F, "CORS-Kopfzeile 'Access-Control-Allow-Origin' stimmt nicht mit '{value}' überein"),
            (F, "CORS ヘッダー 'Access-Control-Allow-Origin' が '{value}' と異なる"),
        ],
    ),
    (Exactly(NOT_OK), &[(F, "CORS-Preflight-Kanal war nicht erfolgreich")]),
    (
        Exactly(&[R::HeaderDisallowedByPreflightResponse]),
        &[(
            F,
            "quand la valeur d'« Access-Control-Allow-Headers » est « * », l'en-tête « Authorization »",
        )],
    ),
    (Exactly(&[R::CorsDisabledScheme]), &[(F, "la requête CORS n'utilise pas http")]),
    (
        Exactly(FAILED),
        &[
            (F, "échec de la requête CORS"),
            (F, "CORS 请求未能成功"),
            (F, "CORS 要求が成功しなかった"),
        ],
    ),
    (
        Check(ANY),
        &[
            (F, "Die Gleiche-Quelle-Regel verbietet das Lesen der externen Ressource"),
            (F, "la politique « Same Origin » ne permet pas de consulter la ressource distante"),
            (F, "la política de mismo origen impide leer el recurso remoto en"),
            (
                F,
                "A política de mesma origem (Same Origin Policy) impede a leitura do recurso remoto",
            ),
            (F, "同源策略禁止读取位于"),
            (F, "クロスオリジン要求をブロックしました"),
        ],
    ),
];
