"""Function words of many languages: articles, pronouns, prepositions, conjunctions and forms of "to be" and "to have".

The lists are short on purpose, the commonest words of each language written down by hand; they tell a running text from
a list of names, not one language from its closest kin. Languages are named as in ISO 639-1. Those written without
spaces (Chinese, Japanese) are listed by pairs of characters, as ``tasks.text.segment`` cuts them.
"""

STOP_WORDS = {
    "ar": "من في على إلى عن مع هذا هذه ذلك التي الذي ما لا أن إن كان كانت هو هي أو ثم قد بعد قبل بين كل غير عند لم",
    "bg": "и в на с за от по не се да е са че това като които който която ще беше или но при след до го му ги аз той",
    "ca": "el la els les un una de del que i a en per amb no és va són al com més però o se seva seu aquest aquesta",
    "cs": "a v na se je že s z do o to i k ve za si ale po jako by být jsou která který které od pro nebo bylo byl",
    "da": "og i at det en den til er som på de med han af for ikke der var et har om men sig fra vi kan hun var blev",
    "de": "der die das und in zu den von ist mit sich des auf für im dem nicht ein eine als auch es an werden aus er",
    "el": "και το της η ο του την στο να των με για από που τα τον οι σε είναι δεν θα στην τη ως αυτό ή μια ένα αλλά",
    "en": "the of and to in a is that for it as was with be by on not he his but at are this have from or had an",
    "es": "de la que el en y a los se del las un por con no una su para es al lo como más o pero sus le ha este sí",
    "et": "ja on ei et see oli mis ka kui aga oma ta kes ning või siis nagu seda tema mida välja üle pärast nii veel",
    "fa": "و در به از که این را با است برای آن یک خود تا کرد بر هم نیز شد بود می ها یا اما شده های ما او هر دو باید",
    "fi": "ja on ei se että oli hän ovat mutta kun joka myös tai kuin niin sen ole mukaan jos olla jo sekä joka",
    "fr": "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il sont avec ou son",
    "he": "של את על לא הוא היא זה עם כי אל גם או כל אני יש אם היה מה זאת אבל רק כמו הם אין היו יותר בין לפני אחרי",
    "hi": "के का की है में से को और पर इस ने एक भी कि यह हैं जो नहीं तो था कर लिए या थे थी हो वह साथ अपने तक",
    "hr": "i u je se na da su za od s a koji što o kao iz ne bi koja koje to ali te ili po bio je nije sam do kako",
    "hu": "a az és hogy nem is egy van volt meg de ez csak már mint vagy ha még ki azt el kell lehet ezt sem után",
    "id": "yang dan di dengan untuk dari pada ini itu dalam tidak ke akan adalah juga atau oleh sebagai dia telah",
    "it": "di e il la che in a per un del non con una le da si è i della al sono come più dei gli ma ha anche o su",
    "ja": "です ます した から って ない これ それ ある いる こと よう ので ため その この れる また とし して され",
    "ko": "그리고 그러나 이 그 저 수 것 있는 있다 하는 등 및 대한 위해 때문에 한다 또한 같은 그는 더 된다 했다 없는",
    "lt": "ir kad į iš su yra buvo tai ne o bet kaip jis už po ar apie nuo dar jo prie iki arba jos kuris kurie taip",
    "lv": "un ir ar uz no par ka kas tas bet kā arī nav pēc tā vai viņš pie bija to lai vēl tika līdz kad šo ja viņa",
    "nl": "de van het een en in is dat op te zijn met voor niet die aan er om ook als dan bij nog uit maar door over",
    "no": "og i det er på som en av for til med at har de ikke om et var den han men seg fra vi kan ble eller også",
    "pl": "i w na z się nie do że to jest o od po jak za ale co przez są dla tym który która jego czy tego być był",
    "pt": "de a o que e do da em um para com não uma os no se na por mais as dos como mas ao ele das à seu sua ou",
    "ro": "de și în a la cu pe că nu din o un este care să pentru mai au ca se sunt fi dar sau fost după prin ale",
    "ru": "и в не на что с он как по это к но за из то от она у же для так все его был бы о или до только если",
    "sk": "a v na sa je že s z do o to aj k vo za si ale po ako by byť sú ktorá ktorý ktoré od pre alebo bolo bol",
    "sl": "in je v na se da za so ki pa ne s z tudi kot po od ali bi še pri iz kako če do bil bila ter njegov lahko",
    "sr": "и у је се на да су за од с а који што о као из не би која које то али те или по био није сам до како",
    "sv": "och i att det som en på är av för med den till inte har de ett om han men var sig från vi så kan när",
    "tr": "ve bir bu da de için ile çok ne olarak daha gibi olan kadar var en ama sonra o her değil ki ya veya ise",
    "uk": "і в не на що з та як до це за у від але про він вона то для є так його був бути або які який також при",
    "ur": "کے کی کا ہے میں سے کو اور پر اس نے ایک بھی کہ یہ ہیں جو نہیں تو تھا کر لیے یا تھے تھی ہو وہ ساتھ اپنے تک",
    "vi": "và của là có không cho được trong với các một này người đã những để khi đó từ ra như thì nhưng cũng về",
    "zh": "我们 他们 这个 没有 一个 可以 自己 什么 因为 所以 但是 就是 不是 如果 这些 那个 以及 或者 已经 对于 通过",
}  # fmt: skip


def stop_words(language: str) -> tuple[str, ...]:
    """Return the stop words of a language; none of one that is not listed.

    >>> stop_words("en")[:3], stop_words("xx")
    (('the', 'of', 'and'), ())
    """
    return tuple(dict.fromkeys(STOP_WORDS.get(language, "").split()))


def base_language(name: str) -> str:
    """Return the ISO 639-1 name of a language given as a tag of the web.

    >>> base_language("pt-BR"), base_language("nb_NO"), base_language("")
    ('pt', 'no', '')
    """
    base = name.strip().lower().replace("_", "-").partition("-")[0]
    return {"nb": "no", "nn": "no", "iw": "he", "in": "id"}.get(base, base)
