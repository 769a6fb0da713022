"""Tables for `e164`: calling codes, emergency numbers, premium ranges. Data only.

Calling codes follow ITU-T E.164 Annex (list of assigned country codes); the ranges follow the numbering
plans that national regulators publish.
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _pairs(text: str) -> dict[str, str]:
    return {key: value for key, _, value in (word.partition("=") for word in text.split())}


CALLING_CODES = _pairs(
    "20=EG 27=ZA 30=GR 31=NL 32=BE 33=FR 34=ES 36=HU 39=IT 40=RO 41=CH 43=AT 44=GB 45=DK 46=SE 47=NO "
    "48=PL 49=DE 51=PE 52=MX 53=CU 54=AR 55=BR 56=CL 57=CO 58=VE 60=MY 61=AU 62=ID 63=PH 64=NZ 65=SG "
    "66=TH 81=JP 82=KR 84=VN 86=CN 90=TR 91=IN 92=PK 93=AF 94=LK 95=MM 98=IR 211=SS 212=MA 213=DZ "
    "216=TN 218=LY 220=GM 221=SN 222=MR 223=ML 224=GN 225=CI 226=BF 227=NE 228=TG 229=BJ 230=MU 231=LR "
    "232=SL 233=GH 234=NG 235=TD 236=CF 237=CM 238=CV 239=ST 240=GQ 241=GA 242=CG 243=CD 244=AO 245=GW "
    "246=IO 247=SH 248=SC 249=SD 250=RW 251=ET 252=SO 253=DJ 254=KE 255=TZ 256=UG 257=BI 258=MZ 260=ZM "
    "261=MG 262=RE 263=ZW 264=NA 265=MW 266=LS 267=BW 268=SZ 269=KM 290=SH 291=ER 297=AW 298=FO 299=GL "
    "350=GI 351=PT 352=LU 353=IE 354=IS 355=AL 356=MT 357=CY 358=FI 359=BG 370=LT 371=LV 372=EE 373=MD "
    "374=AM 375=BY 376=AD 377=MC 378=SM 380=UA 381=RS 382=ME 383=XK 385=HR 386=SI 387=BA 389=MK 420=CZ "
    "421=SK 423=LI 500=FK 501=BZ 502=GT 503=SV 504=HN 505=NI 506=CR 507=PA 508=PM 509=HT 590=GP 591=BO "
    "592=GY 593=EC 594=GF 595=PY 596=MQ 597=SR 598=UY 599=CW 670=TL 672=NF 673=BN 674=NR 675=PG 676=TO "
    "677=SB 678=VU 679=FJ 680=PW 681=WF 682=CK 683=NU 685=WS 686=KI 687=NC 688=TV 689=PF 690=TK 691=FM "
    "692=MH 850=KP 852=HK 853=MO 855=KH 856=LA 880=BD 886=TW 960=MV 961=LB 962=JO 963=SY 964=IQ 965=KW "
    "966=SA 967=YE 968=OM 970=PS 971=AE 972=IL 973=BH 974=QA 975=BT 976=MN 977=NP 992=TJ 993=TM 994=AZ "
    "995=GE 996=KG 998=UZ 1242=BS 1246=BB 1264=AI 1268=AG 1284=VG 1340=VI 1345=KY 1441=BM 1473=GD "
    "1649=TC 1658=JM 1664=MS 1670=MP 1671=GU 1684=AS 1721=SX 1758=LC 1767=DM 1784=VC 1787=PR 1809=DO "
    "1829=DO 1849=DO 1868=TT 1869=KN 1876=JM 1939=PR"
)
"""Calling code → ISO 3166 country. +1 and +7 are split in code; everything else is here."""

CANADA = _words(
    "204 226 236 249 250 257 263 289 306 343 354 365 367 368 382 403 416 418 428 431 437 438 450 460 "
    "468 474 506 514 519 537 548 568 579 581 584 587 600 604 613 639 647 672 683 705 709 742 753 778 "
    "780 782 807 819 825 851 867 873 879 902 905"
)
"""Area codes of +1 that are Canadian."""

EMERGENCY = _words(
    "000 061 062 066 065 091 100 101 102 103 104 105 106 107 108 110 111 112 113 114 115 116 117 118 "
    "119 120 122 123 127 128 129 131 133 140 144 147 155 156 158 160 166 190 191 192 193 194 197 198 "
    "199 911 933 988 991 992 993 994 995 996 997 998 999"
)
"""Emergency numbers of some country; none is anybody's telephone."""

PREMIUM = _pairs(
    "1900=premium:NANP-900 3090=premium:GR-90 31900=premium:NL-0900 31906=premium:NL-0906 "
    "31909=premium:NL-0909 3290=premium:BE-090 3389=premium:FR-089 34803=premium:ES-803 "
    "34806=premium:ES-806 34807=premium:ES-807 34905=premium:ES-905 34907=premium:ES-907 "
    "351601=premium:PT-60x 351607=premium:PT-60x 351608=premium:PT-60x 351760=premium:PT-760 "
    "351761=premium:PT-761 351762=premium:PT-762 358600=premium:FI-600 358700=premium:FI-700 "
    "3690=premium:HU-90 3691=premium:HU-91 39166=premium:IT-166 39892=premium:IT-892 "
    "39893=premium:IT-893 39894=premium:IT-894 39895=premium:IT-895 39899=premium:IT-899 "
    "40900=premium:RO-900 40903=premium:RO-903 40906=premium:RO-906 41900=premium:CH-0900 "
    "41901=premium:CH-0901 41906=premium:CH-0906 420900=premium:CZ-900 420906=premium:CZ-906 "
    "420909=premium:CZ-909 421900=premium:SK-0900 43900=premium:AT-0900 43901=premium:AT-0901 "
    "43930=premium:AT-0930 43931=premium:AT-0931 4470=premium:GB-070 4487=premium:GB-087 "
    "449=premium:GB-09 4590=premium:DK-90 46900=premium:SE-0900 46939=premium:SE-0939 "
    "46944=premium:SE-0944 4782=premium:NO-82x 4870=premium:PL-70x 49137=premium:DE-0137 "
    "49190=premium:DE-0190 49900=premium:DE-0900 61190=premium:AU-190 64900=premium:NZ-0900 "
    "65190=premium:SG-1900 81990=premium:JP-0990 979=premium:international-979"
)
"""Prefix → rule: ranges where the called party is paid for the call."""

UNROUTED = _pairs(
    "870=satellite:870 881=satellite:881 882=network:882 883=network:883 878=network:878 888=network:888"
)
"""Prefix → rule: satellites and networks without a country, the usual goal of toll fraud."""
