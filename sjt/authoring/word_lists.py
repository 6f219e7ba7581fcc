"""Words and phrases that the checks look for; each list says what it is for. Patterns match whole words, any case."""

from __future__ import annotations

# L11: abbreviations every candidate knows.
_PLAIN_ACRONYMS = """
    AM PM BBC CCTV DIY DVD GCSE GCSES GP ID IT MP OK PE SIM TV UK USB VIP NHS A E
"""
PLAIN_ACRONYMS = frozenset(_PLAIN_ACRONYMS.split())

# L11: trade names; the thing itself can be named.
BRANDS = {
    "amazon": "an online shop", "apple pay": "a payment app", "asda": "a supermarket", "discord": "a chat app",
    "disney": "a film company", "facebook": "social media", "facetime": "a video call", "fortnite": "an online game",
    "google": "a search", "instagram": "social media", "ipad": "a tablet", "iphone": "a phone", "kfc": "a takeaway",
    "mcdonald's": "a takeaway", "mcdonalds": "a takeaway", "minecraft": "an online game",
    "netflix": "a streaming service",
    "nintendo": "a games console", "paypal": "a payment app", "playstation": "a games console",
    "roblox": "an online game",
    "snapchat": "a messaging app", "spotify": "a music app", "tesco": "a supermarket", "tiktok": "a video app",
    "twitter": "social media", "uber": "a taxi", "whatsapp": "a messaging app", "xbox": "a games console",
    "youtube": "a video site",
}  # fmt: skip

# L11: real organisations and places; a story happens nowhere in particular.
REAL_ORGANISATIONS = (
    "action for children", "barnardo's", "barnardos", "cafcass", "childline", "coram", "nspcc", "ofsted",
    "the prince's trust", "samaritans", "shelter charity", "the children's society",
)  # fmt: skip
REAL_PLACES = (
    "birmingham", "bradford", "brighton", "bristol", "cardiff", "croydon", "cumbria", "devon", "essex", "hackney",
    "islington", "leeds", "leicester", "liverpool", "london", "luton", "manchester", "middlesbrough",
    "newcastle", "norfolk", "norwich", "nottingham", "oldham", "plymouth", "rochdale", "rotherham", "salford",
    "sheffield",
    "southampton", "stoke-on-trent", "sunderland", "swindon", "telford", "tower hamlets", "wolverhampton", "yorkshire",
)  # fmt: skip

# L12: law and guidance that changes, and the word that must stand in the title of an entry under law.
DATED_LAW = {
    r"working together": "working together",
    r"keeping children safe in education": "keeping children safe",
    r"children act": "children act",
    r"children and families act": "children and families act",
    r"care act": "care act",
    r"human rights act": "human rights act",
    r"equality act": "equality act",
    r"data protection act|uk gdpr|\bgdpr\b": "data protection|gdpr|information sharing",
    r"mental capacity act": "mental capacity act",
    r"(?:children['’]s homes )?(?:\(england\) )?regulations(?: \d{4})?|\breg(?:ulation)?\.? ?\d+": "regulations",
    r"\bs(?:ection)? ?(?:17|20|34|47)\b": "children act|working together",
    r"\bprevent duty\b|\bchannel (?:panel|programme|support)": "prevent|channel",
    r"\bgillick\b|\bfraser (?:guidelines?|competen\w+)": "gillick|fraser|consent",
    r"information sharing (?:advice|guidance)": "information sharing",
    r"\bsend code of practice|\bcode of practice\b": "code of practice",
}

# L13: words that suggest a sensitive topic, by the topic's name.
TOPIC_WORDS = {
    "self-harm": r"self-harm\w*|cut(?:ting)? (?:herself|himself|themselves)|overdos\w+|suicid\w+|fresh cuts|ligature",
    "exploitation": r"exploit\w+|groom(?:ed|ing)|county lines|older man'?s? (?:car|flat)",
    "domestic abuse": r"domestic (?:abuse|violence)|coercive control|hits? (?:her|my) mum|refuge",
    "death": r"\bdied\b|\bdeath\b|\bfuneral\b|bereave\w+|\bdying\b",
    "radicalisation": r"radicalis\w+|extremis\w+|terroris\w+",
    "neglect": r"\bneglect\w*",
    "abuse": r"\babus(?:e|ed|er|ing|ive)\b|sexual assault|touched (?:her|him|me) (?:down|there)|bruis\w+",
}

# L16: words that stigmatise, with the plain way to say it.
STIGMA = {
    r"abscond\w*": "was missing, or left without saying where",
    r"attention[- ]seek\w*": "wants connection; say what the child did",
    r"failed placements?|placement failed|placement breakdowns?": "the placement ended",
    r"normal (?:child|children|family|families|kids?)": "other children",
    r"suffer(?:s|ed|ing)? from": "has",
    r"broken homes?": "say what happened in the family",
    r"wheelchair[- ]bound|confined to a wheelchair": "uses a wheelchair",
    r"problem (?:child|family|families|kids?)|troubled famil(?:y|ies)": "say what is hard for them",
    r"manipulative|manipulating": "say what the child did",
    r"hard[- ]to[- ]reach": "not yet reached by the service",
    r"illegals?(?: immigrants?)?|illegal aliens?": "say what is against the law, or “without papers”",
    r"retard\w*|spastic|handicapped|mentally ill": "name the need, if it matters",
    r"(?:the )?(?:disabled|autistics|diabetics)": "disabled people; a child with diabetes",
    r"committed suicide|commit suicide": "died by suicide",
    r"child prostitut\w*|promiscuous|putting (?:herself|himself) at risk": "is being exploited; name who harms",
    r"druggies?|junkies?|addicts?|alcoholics?|clean (?:from|of) drugs": "a person who uses drugs or drinks",
    r"benefit scroungers?|scroungers?|chavs?|thugs?|yobs?": "describe what was done",
    r"lac\b|lac (?:child|review|reviews)": "child in care; care review",
    r"respite": "short break",
    r"non[- ]compliant|refuses to engage|failed to engage|non[- ]engagement": "say what was offered and what happened",
    r"naughty|deviant|feral|out of control": "describe what was done",
    r"half[- ]caste|coloured (?:people|child|boy|girl|family)|oriental": (
        "mixed heritage; name the heritage if it matters"
    ),
}

# L17: job words that assume a gender, and idioms that readers of English as a second language may not know.
GENDERED_JOBS = {
    r"chairman|chairwoman": "chair", r"policem[ae]n|policewom[ae]n": "police officer",
    r"firem[ae]n": "firefighter", r"dinner lad(?:y|ies)|lollipop lad(?:y|ies)": "lunchtime supervisor, crossing patrol",
    r"headmaster|headmistress": "head teacher", r"manpower|man(?:ned|ning) the": "staff",
    r"housemother|housefather|matron": "residential worker", r"cleaning lad(?:y|ies)": "cleaner",
    r"postm[ae]n": "post worker", r"handym[ae]n": "maintenance worker", r"male nurse": "nurse",
    r"foreman|workm[ae]n|salesm[ae]n|spokesm[ae]n|tradesm[ae]n": "a word without man",
}  # fmt: skip
IDIOMS = (
    r"drop(?:ped|s|ping)? the ball", r"level playing field", r"move(?:d|s)? the goalposts", r"kick(?:ed|s)? off",
    r"on the back foot", r"(?:a )?slam dunk", r"touch base", r"ballpark", r"below the belt",
    r"throw(?:s|n)? in the towel", r"first base", r"curve ?ball", r"own goal", r"par for the course", r"hit the roof",
    r"at the end of (?:her|his|my|their|your) tether", r"under the weather", r"bite the bullet",
    r"beat around the bush",
    r"over the moon", r"piece of cake", r"cold feet", r"the elephant in the room", r"sweep(?:t)? under the carpet",
    r"walk(?:ing|s)? on eggshells", r"storm in a teacup", r"a can of worms", r"blow(?:s|n)? (?:his|her|their) top",
    r"go(?:es|ing)? off the rails", r"wind(?:s|ing)? (?:her|him|them|you) up",
    r"pull(?:s|ed|ing)? (?:her|his|your|their) leg",
    r"chip on (?:her|his|their) shoulder", r"the last straw", r"in hot water", r"on thin ice", r"rock the boat",
    r"let(?:s|ting)? off steam", r"fly off the handle", r"tie(?:d|s)? up in knots", r"turn(?:ed|s)? a blind eye",
)  # fmt: skip

# L08: verbs that begin an act, and those that are nouns as often and count as a second act only before an object.
_VERBS = """
    accept agree allow answer apologise arrange ask avoid begin bring carry check choose close collect come complete
    confirm continue decide decline describe discuss drive email encourage end explain fetch fill find finish follow
    get give go hand help hold ignore inform insist invite join keep knock lay leave let listen lock look make meet
    mention message move offer open pass pay phone point praise prepare promise put raise read refer refuse remain
    remind remove reply respond return ring say search see seek send set share show sign sit speak stay stop suggest
    take talk tell text thank think try turn wait wake walk warn watch welcome withdraw write
"""
VERBS = frozenset(_VERBS.split())
_NOUN_TOO = """
    answer call check contact email end help look message move note offer phone plan point promise read record
    refuse reply report return ring search share show sign stop support talk text turn visit walk watch welcome
"""
NOUN_TOO = frozenset(_NOUN_TOO.split())
