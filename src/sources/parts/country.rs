//! Countries by their English names, for logs that do not write codes.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// Codes of ISO 3166-1 alpha-2 with their names in address databases: those of the time zone database, those of the standard
/// where they differ, and former ones.
#[rustfmt::skip]
const NAMES: &str = "\
    AD=Andorra;AE=United Arab Emirates;AF=Afghanistan;AG=Antigua and Barbuda;AI=Anguilla;AL=Albania;AM=Armenia;\
    AO=Angola;AQ=Antarctica;AR=Argentina;AS=American Samoa;AT=Austria;AU=Australia;AW=Aruba;AX=Åland Islands|Åland;\
    AZ=Azerbaijan;BA=Bosnia and Herzegovina|Bosnia & Herzegovina;BB=Barbados;BD=Bangladesh;BE=Belgium;\
    BF=Burkina Faso;BG=Bulgaria;BH=Bahrain;BI=Burundi;BJ=Benin;BL=St Barthelemy|Saint Barthelemy|Saint Barthélemy;\
    BM=Bermuda;BN=Brunei|Brunei Darussalam;BO=Bolivia|Bolivia, Plurinational State of;\
    BQ=Caribbean Netherlands|Bonaire, Sint Eustatius and Saba;BR=Brazil;BS=Bahamas|The Bahamas;BT=Bhutan;\
    BV=Bouvet Island;BW=Botswana;BY=Belarus;BZ=Belize;CA=Canada;CC=Cocos Islands|Cocos (Keeling) Islands;\
    CD=Democratic Republic of the Congo|DR Congo|Congo, The Democratic Republic of the;CF=Central African Republic;\
    CG=Republic of the Congo|Congo Republic|Congo;CH=Switzerland;CI=Côte d'Ivoire|Ivory Coast|Cote d'Ivoire;\
    CK=Cook Islands;CL=Chile;CM=Cameroon;CN=China;CO=Colombia;CR=Costa Rica;CU=Cuba;CV=Cape Verde|Cabo Verde;\
    CW=Curaçao;CX=Christmas Island;CY=Cyprus;CZ=Czech Republic|Czechia;DE=Germany;DJ=Djibouti;DK=Denmark;\
    DM=Dominica;DO=Dominican Republic;DZ=Algeria;EC=Ecuador;EE=Estonia;EG=Egypt;EH=Western Sahara;ER=Eritrea;\
    ES=Spain;ET=Ethiopia;FI=Finland;FJ=Fiji;FK=Falkland Islands;FM=Micronesia|Federated States of Micronesia;\
    FO=Faroe Islands;FR=France;GA=Gabon;\
    GB=United Kingdom|Great Britain|United Kingdom of Great Britain and Northern Ireland|UK;GD=Grenada;GE=Georgia;\
    GF=French Guiana;GG=Guernsey;GH=Ghana;GI=Gibraltar;GL=Greenland;GM=Gambia|The Gambia;GN=Guinea;GP=Guadeloupe;\
    GQ=Equatorial Guinea;GR=Greece;GS=South Georgia and the South Sandwich Islands;GT=Guatemala;GU=Guam;\
    GW=Guinea-Bissau;GY=Guyana;HK=Hong Kong|Hong Kong SAR;HM=Heard Island and McDonald Islands;HN=Honduras;\
    HR=Croatia;HT=Haiti;HU=Hungary;ID=Indonesia;IE=Ireland;IL=Israel;IM=Isle of Man;IN=India;\
    IO=British Indian Ocean Territory;IQ=Iraq;IR=Iran|Iran, Islamic Republic of;IS=Iceland;IT=Italy;JE=Jersey;\
    JM=Jamaica;JO=Jordan;JP=Japan;KE=Kenya;KG=Kyrgyzstan;KH=Cambodia;KI=Kiribati;KM=Comoros;\
    KN=Saint Kitts and Nevis|St Kitts and Nevis;KP=North Korea|Korea, Democratic People's Republic of;\
    KR=South Korea|Republic of Korea|Korea, Republic of;KW=Kuwait;KY=Cayman Islands;KZ=Kazakhstan;\
    LA=Laos|Lao People's Democratic Republic;LB=Lebanon;LC=St Lucia|Saint Lucia;LI=Liechtenstein;LK=Sri Lanka;\
    LR=Liberia;LS=Lesotho;LT=Lithuania;LU=Luxembourg;LV=Latvia;LY=Libya;MA=Morocco;MC=Monaco;\
    MD=Moldova|Republic of Moldova|Moldova, Republic of;ME=Montenegro;MF=Saint Martin;MG=Madagascar;\
    MH=Marshall Islands;MK=North Macedonia|Macedonia;ML=Mali;MM=Myanmar|Burma;MN=Mongolia;MO=Macau|Macao;\
    MP=Northern Mariana Islands;MQ=Martinique;MR=Mauritania;MS=Montserrat;MT=Malta;MU=Mauritius;MV=Maldives;\
    MW=Malawi;MX=Mexico;MY=Malaysia;MZ=Mozambique;NA=Namibia;NC=New Caledonia;NE=Niger;NF=Norfolk Island;NG=Nigeria;\
    NI=Nicaragua;NL=Netherlands|The Netherlands;NO=Norway;NP=Nepal;NR=Nauru;NU=Niue;NZ=New Zealand;OM=Oman;\
    PA=Panama;PE=Peru;PF=French Polynesia;PG=Papua New Guinea;PH=Philippines;PK=Pakistan;PL=Poland;\
    PM=Saint Pierre and Miquelon;PN=Pitcairn;PR=Puerto Rico;\
    PS=Palestine|Palestinian Territory|State of Palestine|Palestine, State of;PT=Portugal;PW=Palau;PY=Paraguay;\
    QA=Qatar;RE=Réunion|Reunion;RO=Romania;RS=Serbia;RU=Russia|Russian Federation;RW=Rwanda;SA=Saudi Arabia;\
    SB=Solomon Islands;SC=Seychelles;SD=Sudan;SE=Sweden;SG=Singapore;SH=Saint Helena;SI=Slovenia;\
    SJ=Svalbard and Jan Mayen;SK=Slovakia;SL=Sierra Leone;SM=San Marino;SN=Senegal;SO=Somalia;SR=Suriname;\
    SS=South Sudan;ST=Sao Tome and Principe|São Tomé and Príncipe;SV=El Salvador;SX=Sint Maarten;\
    SY=Syria|Syrian Arab Republic;SZ=Eswatini|Swaziland;TC=Turks and Caicos Islands;TD=Chad;\
    TF=French Southern Territories;TG=Togo;TH=Thailand;TJ=Tajikistan;TK=Tokelau;TL=East Timor|Timor-Leste;\
    TM=Turkmenistan;TN=Tunisia;TO=Tonga;TR=Turkey|Türkiye;TT=Trinidad and Tobago;TV=Tuvalu;\
    TW=Taiwan|Taiwan, Province of China;TZ=Tanzania|United Republic of Tanzania|Tanzania, United Republic of;\
    UA=Ukraine;UG=Uganda;UM=U.S. Minor Outlying Islands|United States Minor Outlying Islands;\
    US=United States|United States of America|USA;UY=Uruguay;UZ=Uzbekistan;VA=Vatican City|Holy See|Vatican;\
    VC=Saint Vincent and the Grenadines|St Vincent and Grenadines;VE=Venezuela|Venezuela, Bolivarian Republic of;\
    VG=British Virgin Islands|Virgin Islands, British;VI=U.S. Virgin Islands|Virgin Islands, U.S.;\
    VN=Vietnam|Viet Nam;VU=Vanuatu;WF=Wallis and Futuna;WS=Samoa;XK=Kosovo;YE=Yemen;YT=Mayotte;ZA=South Africa;\
    ZM=Zambia;ZW=Zimbabwe;\
";

static CODES: LazyLock<FxHashMap<String, &'static str>> = LazyLock::new(|| {
    NAMES
        .split(';')
        .filter_map(|country| country.split_once('='))
        .flat_map(|(code, names)| {
            let texts = names.split('|').chain(std::iter::once(code));
            texts.map(move |text| (text.to_lowercase(), code))
        })
        .collect()
});

/// Returns the code of a country that is written as its code or its name, in any case.
pub fn code_of(text: &str) -> Option<&'static str> {
    CODES.get(&text.trim().to_lowercase()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_names_of_a_country_have_one_code() {
        for (text, code) in [
            ("United States", "US"),
            ("Germany", "DE"),
            ("united kingdom", "GB"),
            ("UK", "GB"),
            ("South Korea", "KR"),
            ("Korea, Republic of", "KR"),
            ("de", "DE"),
            ("Türkiye", "TR"),
        ] {
            assert_eq!(code_of(text), Some(code), "{text}");
        }
        assert_eq!(
            (code_of("Atlantis"), code_of("zz"), code_of("")),
            (None, None, None)
        );
        assert!(CODES.len() > 500);
    }
}
