"""Thirty questions on the user's page, in people's own words.

They were written from the page before the reader that ships had been trained, and they are not
tuned on: a wrong answer is a finding to write down in docs/evaluation.md, not a line to change.
Each comes with the phrases one of which a right answer contains, or with none where the page does
not say; the last six of those rest on a false premise or swap a role.
"""

ANSWERED: dict[str, tuple[str, ...]] = {
    "Where did the couple get to know each other?": ("Phnom Penh",),
    "Which organisation first brought Pierre Legros to Cambodia?": ("Médecins Sans Frontières",),
    "What was Legros's profession?": ("biotechnologist",),
    "In which year did Legros meet Somaly Mam?": ("1991",),
    "When did Mam and Legros return to Cambodia?": ("1994",),
    "What year was AFESIP set up?": ("1996",),
    "What does the name AFESIP mean in English?": ("Acting for Women in Distressing Situations",),
    "Into which neighbouring countries did AFESIP expand?": ("Laos", "Vietnam", "Thailand"),
    "How many girls had AFESIP helped by 2005?": ("3,000",),
    "Who took part in the brothel raid together with AFESIP?": ("Phnom Penh Police",),
    "How many women and girls were freed in the brothel raid?": ("83",),
    "When did Pierre Legros quit AFESIP?": ("2004",),
    "When were Mam and Legros honoured for their work?": ("2005",),
    "When was the Somaly Mam Foundation started?": ("2007",),
    "when did the somaly mam foundation shut down": ("October, 2014", "2014"),
}

NOT_SAID: tuple[str, ...] = (
    "How old was Somaly Mam when she was trafficked?",
    "In which city of France did the couple live?",
    "How much money has the Somaly Mam Foundation raised?",
    "What is the name of the organisation Legros founded after AFESIP?",
    "Who was the third founder of AFESIP?",
    "How many shelters does AFESIP run?",
    "When did Legros and Mam get married?",
    "Who is the director of AFESIP today?",
    "Which celebrities supported the Foundation?",
    "When did Somaly Mam resign from AFESIP?",
    "Why did Mam leave France in 2005?",
    "How many police officers were hurt in the raid?",
    "When did AFESIP close down?",
    "What did Legros teach in Phnom Penh?",
    "In what year did Mam help Legros to escape?",
)
