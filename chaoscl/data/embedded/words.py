"""Word lists of the text generators, most frequent first.

Names of people, places and firms are invented: they are put together from syllables. News and reviews share the
plain words and the names.
"""

from itertools import product


def split(text: str) -> tuple[str, ...]:
    """Return the words of a text; an underscore stands for a space inside an entry."""
    return tuple(word.replace("_", " ") for word in text.split())


def compound(firsts: str, seconds: str) -> tuple[str, ...]:
    """Return all words made of a first and a second half, the pairs of leading halves leading."""
    pairs = product(enumerate(firsts.split()), enumerate(seconds.split()))
    return tuple(a + b for _, a, b in sorted((i + j, a, b) for (i, a), (j, b) in pairs))


PLACES = compound(
    "Val Kor Bren Tam Osk Mir Dal Har Lune Pel Sarn Quil Ost Ner Fal Tor Ys Gal Wen Cal",
    "mere ovia burg eth anda holm isk port ara dun eska ville",
)
PEOPLE = compound(
    "Mar Tel Ven Hol Ras Bel Dor Kest Lin Ama Pro Tush Jor Cav Sel Ful Nor Ged Wick Ola",
    "son ovic ek ani man er well eau ido strom ito ley",
)
FIRMS = compound("Nord Alt Prim Vex Omni Trel Core Lumi Zan Quad", "ex tek on ware bank air form iva star line")

# plain words, the same in every topic
NOUNS = split(
    "week day people plan group report number time part place change decision problem team question result head member "
    "future meeting leader end effort return step word line chance man woman start call case deal area support level "
    "side name role story history home family city country move control concern answer reason view demand offer list"
)
VERBS = split(
    "said made took gave found left kept put set met saw brought called asked faced wanted changed reached held began "
    "lost moved ended showed followed needed joined expected considered raised"
)
ADJECTIVES = split(
    "new big last first old early late main large next small major recent public key long strong clear final special "
    "possible open local second young serious high general common quiet"
)
TIMES = split(
    "on_Monday on_Tuesday on_Wednesday on_Thursday on_Friday this_week last_week this_month last_year on_Sunday "
    "late_on_Saturday early_today next_month after_all for_now again at_last in_spring this_autumn"
)

# the four topics of the news: nouns, verbs, adjectives
TOPIC_NOUNS = (
    split(
        "government troops minister election president army peace border rebels police embassy province parliament "
        "treaty refugees ceasefire bomb village diplomat convoy hostage coup ambassador militia aid bridge palace "
        "general summit protest crowd governor curfew exile mosque monarch ballot soldiers famine envoy"
    ),
    split(
        "season coach cup championship player goal league victory striker title stadium match fans tournament defeat "
        "pitcher inning quarterback medal race sprinter referee penalty captain squad playoff serve wicket keeper "
        "lap podium racket helmet sprint overtime dugout swimmer rookie relay trophy"
    ),
    split(
        "shares profit market oil prices bank sales investors quarter earnings dollar stock deficit merger budget "
        "revenue debt inflation trader loan retailer dividend tariff auditor bond jobs wages factory currency fund "
        "airline bankruptcy payroll forecast pension lender exports crude broker shareholder"
    ),
    split(
        "software computer internet researchers scientists users web virus chip satellite space planet server browser "
        "network phone orbit telescope gene laboratory robot download code laptop rocket probe patch comet wireless "
        "species fossil spam sensor archive storage pixel antenna molecule microscope console"
    ),
)
TOPIC_VERBS = (
    split("killed elected accused invaded arrested bombed voted fled freed condemned shelled vowed ousted mourned"),
    split("won scored beat played defeated tied trained kicked clinched outran pitched dived swam rallied"),
    split("bought sold traded earned cut borrowed merged priced invested insured slashed acquired hired profited"),
    split("discovered designed tested downloaded measured coded upgraded orbited installed hacked scanned cloned"),
)
TOPIC_ADJECTIVES = (
    split("military foreign political armed disputed royal exiled tribal civilian northern hostile occupied"),
    split("unbeaten injured winning top_seeded athletic scoreless veteran sporting qualifying muddy breathless"),
    split("quarterly financial corporate fiscal profitable retail indebted bullish weak overpriced taxable"),
    split("digital scientific online electronic genetic solar wireless mobile virtual molecular infected"),
)

# nouns, verbs and adjectives that two topics share: (topic, topic) to words
SHARED = {
    (0, 1): split("flag attack defence hero capture fight clash host boycott injury champion"),
    (0, 2): split("sanctions trade tax strike pipeline supply crisis union export reform subsidy workers"),
    (0, 3): split("reactor missile security intelligence spy climate energy disaster surveillance launch agency"),
    (1, 2): split("contract owner record bid sponsor ticket gain loss rival transfer broadcast club"),
    (1, 3): split("speed game run video performance timing doping study device track simulation record"),
    (2, 3): split("technology company patent developer product maker webshop startup consumer licence rollout firm"),
}

# the reviews
ASPECTS = split(
    "film story plot acting movie script ending cast dialogue music camera hero villain scene joke pace direction "
    "photography costumes score lighting heroine editing romance sequel opening sound soundtrack chase narrator "
    "twist song theme performance humour setting mystery stunt monologue finale"
)
GOOD = split(
    "good great wonderful excellent funny beautiful perfect brilliant superb touching moving charming clever fresh "
    "gripping memorable honest warm delightful vivid tender witty stunning elegant rich joyful graceful inspired "
    "masterful thrilling lovely subtle radiant bold sincere playful"
)
BAD = split(
    "bad boring terrible awful poor stupid dull weak silly annoying horrible lame pointless flat clumsy dreadful "
    "tired forced cheap ugly messy wooden hollow laughable lazy bland painful tedious stale shallow dismal limp "
    "grating muddled lifeless soulless"
)
EITHER = split("strange slow long loud dark simple odd quiet violent modern dated serious heavy light wild cold")
GOOD_ENDS = split(
    "i_would_watch_it_again i_loved_it i_recommend_it highly_recommended i_laughed_and_cried do_not_miss_it "
    "it_stayed_with_me_for_days i_enjoyed_every_minute worth_the_ticket one_of_the_best_this_year a_real_treasure"
)
BAD_ENDS = split(
    "a_waste_of_time i_hated_it avoid_it i_want_my_money_back i_almost_walked_out do_not_watch_it "
    "i_nearly_fell_asleep i_could_not_wait_for_it_to_end one_of_the_worst_this_year save_your_ticket it_fails"
)
HEDGES = split(
    "maybe_that_is_just_me i_saw_it_with_my_family i_had_read_the_book_first it_runs_for_two_hours "
    "the_theatre_was_full it_came_out_last_year my_friends_did_not_agree you_may_know_the_first_part "
    "it_is_based_on_a_novel make_of_it_what_you_will i_have_seen_many_like_it there_is_a_lot_of_talk "
    "it_was_late_when_we_left"
)
CALLINGS = split(
    "teacher doctor soldier detective singer farmer thief lawyer widow boxer pilot student sailor actor painter coach "
    "scientist minister trader nurse cook priest reporter driver"
)
DEGREES = split("very really so quite rather a_bit too truly almost simply just fairly")
