/*
 * subjectwords.c
 *		The words of a customer's report, in each language.
 */
#include "subjectwords.h"

#include <stdlib.h>
#include <string.h>

#include "client.h"

#define NBSP "\xc2\xa0"

static const Words english = {
	.language = "en",
	.authority = "the data-protection authority of your country",
	.title = "Who consulted your contact data",
	.reference = "Reference",
	.controller = "Who answers",
	.controller_unnamed = "The company that sends you this report",
	.customer = "Your customer number",
	.received = "Your request was received on",
	.due = "An answer is due by",
	.made = "This report was made on",
	.period = "Period",
	.period_text = "from %s to %s (time zone: %s; universal time, UTC, stands below each time)",
	.period_open = "until %s (time zone: %s; universal time, UTC, stands below each time)",
	.records_since = "Records exist since %s.",
	.records_later = "This is later than the beginning of the period. Nothing can be said about the time before.",
	.summary = "In short",
	.none = "According to our records, nobody consulted your contact data one by one in this period.",
	.consulted_once = "Your contact data were consulted once, by one person.",
	.consulted = "Your contact data were consulted %s times, on %s",
	.consulted_by = ", by %s",
	.once_with = "An appointment of that person with you was under way.",
	.all_with = "Each time, an appointment of that person with you was under way.",
	.none_with = "That person had no appointment with you under way: the purpose is given below.",
	.others_once = "During one of these consultations, no appointment with you was under way: its purpose is given below.",
	.others = "During %s of these consultations, no appointment with you was under way: their purpose is given below.",
	.nameless = "For %s of them, the name of the person has been erased from our records since then.",
	.withheld_sum = {"In addition, the system once refused to show your contact data.", "In addition, the system refused to show your contact data %s times."},
	.contacts_sum = {"In addition, a telephone system once let somebody call or write to you, without giving your number to that person.", "In addition, a telephone system let somebody call or write to you %s times, without giving your number to that person."},
	.possible_sum = "Other operations concerned many customers at once, and may have included you. They are listed below.",
	.day = {"%s day", "%s different days"},
	.person = {"%s person", "%s different persons"},
	.who = "Each letter stands for one person, and only in this report. You have a right to know when and for what purpose your data were consulted. The names of employees who acted on behalf of the company are given only if you cannot exercise your rights without them.",
	.who_unnamed = "Where nothing names you, a person has another letter: in the tables of searches among all customers, of copies, and of attempts on many customers.",
	.names = "Names are given by this decision: %s",
	.appointments = "During an appointment with you",
	.appointments_text = "A technician sees your contact data while his appointment with you is under way.",
	.appointment = "Appointment %s",
	.window = ", access open from %s to %s",
	.others_title = "For another purpose",
	.others_text = "These persons have a permission that does not depend on an appointment. The table gives the purpose of that permission.",
	.relay = "Calls by way of our telephone system",
	.relay_text = "While his appointment is under way, a technician can call or write to you without seeing your number: a telephone system uses it for him. You can reach him in the same way, and do not see his.",
	.offered_event = "the technician was allowed to call you",
	.contact_event = "the telephone system got your number, to put the technician through",
	.contact_in_event = "you called or wrote, and were put through to the technician",
	.contact_end_event = "the call ended",
	.contact_missed_event = "the call was not answered",
	.contact_refused_event = "the telephone system did not get your number",
	.contact_refused_in_event = "you called or wrote, and were not put through",
	.withheld = "Attempts at which nothing was shown",
	.withheld_text = "Somebody asked for your contact data, and the system did not show them. This is a use of your data, too, so we tell you. It is often a list in which you stand among others.",
	.searched = "Searches that did not find you",
	.searched_text = "Somebody searched among a few customers, of whom you were one. The system compared your data with what was searched for. The search did not find you, and your data were not shown.",
	.searches = "Searches among all customers",
	.searches_text = "Somebody searched for a telephone number or an address, for example that of a caller. The system compared it with the data of all customers, so perhaps with yours. If a search found you, that stands above as a consultation.",
	.bulk = "Copies of the data of all customers, which may have included yours",
	.bulk_text = "These programs or persons read all customers at once, for example for a backup. No record names you, but your data may have been among those that were read.",
	.mass = "Attempts on many customers, who may have included you",
	.mass_text = "Somebody asked for the contact data of many customers at once, and the system did not show them. It counted these customers and did not note who they were. You may have been among them.",
	.reports = "Reports about you",
	.reports_text = "These reports, like the present one, were made for you or at the request of an authority.",
	.other_events = "Other records that name you",
	.other_events_text = "These are acts of administration, for example a change of an appointment, or an order to keep your records.",
	.gaps = "What may be missing",
	.gaps_text = "The records say themselves what may be missing from them.",
	.no_gaps = "The records of this period mention no gap, no deletion and no erasure.",
	.gap = "A gap: something that happened before this time may not have been recorded.",
	.erasure = "Names of a customer or of a person were erased from the records.",
	.purge = "Records from before %s were deleted because they were old.",
	.rights = "Your rights",
	.rights_text = "You can ask us to correct your data, to erase them, or to restrict their use, and you can object to it. You can complain to %s.",
	.check = "How to check this report",
	.check_text = "The folder &ldquo;proofs&rdquo; has a proof for each record that is marked with its number (number of proofs: %s). Each proves, without the name of the person, that the record is in the signed log <code>%s</code> (number of records then: %s). Anybody can check them with the program contact-guard and the public key of the log: <code>contact-guard check-proof proofs/NUMBER.tlog-proof --vkey KEY</code>. The file SHA256SUMS lets you check that no file has changed.",
	.check_partly = "Records above without a proof: %s. They are not signed yet, or their text could name a person.",
	.check_none = "The log was not signed when this report was made. This report is a statement without proofs.",
	.check_absence = "A proof shows that a record is in the log. That the log has no other record about you is a statement of ours, which this report does not prove.",
	.code = "This code has the number of records in the log, and its root hash, when this report was made: <code>%s</code>. Whoever keeps this page on paper can compare them with the log later.",
	.code_label = "QR code of the number of records and of the root hash, which stand beside it",
	.more = "The table shows the first %s of %s rows. All of them are in the file records.csv.",
	.nobody = "a person whose name has been erased",
	.reader = "Person",
	.day_column = "Day",
	.time_column = "Time",
	.what_column = "Data",
	.who_column = "Who",
	.purpose_column = "Purpose",
	.reason_column = "Why nothing was shown",
	.from_column = "First",
	.to_column = "Last",
	.times_column = "How often",
	.event_column = "What happened",
	.section_column = "Kind",
	.to_utc_column = "Last, UTC",
	.detail_column = "Purpose or reason",
	.appointment_column = "Appointment",
	.number_column = "Number of the record",
	.no_window = "no appointment with you",
	.window_closed = "the appointment was over",
	.window_not_open = "the appointment had not begun",
	.compared = "a comparison without a permission",
	.relay_only = "you are called by way of our telephone system only",
	.no_identity = "the proof of who was asking had expired, or was missing",
	.not_covered = "the access of that person did not cover these data",
	.not_permitted = "that person had no permission",
	.own = "that person had just entered these data",
	.intervention = "appointment",
	.superuser = "administration of the database",
	.policy_event = "an act of administration",
	.compared_event = "an auditor compared your data with those of other customers, without seeing them",
	.window_event = "an appointment with you was made, moved or closed",
	.report_event = "a report was made",
	.disclosure_event = "names of persons were given, by a decision",
	.months = {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
};

static const Words french = {
	.language = "fr",
	.authority = "la Commission nationale de l’informatique et des libertés (CNIL), 3 place de Fontenoy, TSA 80715, 75334 Paris Cedex 07, www.cnil.fr",
	.title = "Qui a consulté vos coordonnées",
	.reference = "Référence",
	.controller = "Qui vous répond",
	.controller_unnamed = "L’entreprise qui vous envoie ce rapport",
	.customer = "Votre numéro de client",
	.received = "Votre demande a été reçue le",
	.due = "Nous devons vous répondre au plus tard le",
	.made = "Ce rapport a été établi le",
	.period = "Période",
	.period_text = "du %s au %s (fuseau horaire" NBSP ": %s" NBSP "; l’heure universelle, UTC, figure sous chaque heure)",
	.period_open = "jusqu’au %s (fuseau horaire" NBSP ": %s" NBSP "; l’heure universelle, UTC, figure sous chaque heure)",
	.records_since = "Les enregistrements remontent au %s.",
	.records_later = "Cette date est postérieure au début de la période. Nous ne pouvons rien dire de ce qui s’est passé auparavant.",
	.summary = "En bref",
	.none = "D’après nos enregistrements, personne n’a consulté individuellement vos coordonnées pendant cette période.",
	.consulted_once = "Vos coordonnées ont été consultées une fois, par une seule personne.",
	.consulted = "Vos coordonnées ont été consultées %s fois, %s",
	.consulted_by = ", par %s",
	.once_with = "La personne avait un rendez-vous en cours chez vous.",
	.all_with = "Chaque fois, la personne avait un rendez-vous en cours chez vous.",
	.none_with = "La personne n’avait pas de rendez-vous en cours chez vous" NBSP ": la finalité est indiquée plus bas.",
	.others_once = "L’une de ces consultations a eu lieu sans rendez-vous en cours chez vous" NBSP ": sa finalité est indiquée plus bas.",
	.others = "%s de ces consultations ont eu lieu sans rendez-vous en cours chez vous" NBSP ": leur finalité est indiquée plus bas.",
	.nameless = "Nombre de consultations pour lesquelles le nom de la personne a été effacé depuis de nos enregistrements" NBSP ": %s.",
	.withheld_sum = {"En outre, le système a refusé une fois de montrer vos coordonnées.", "En outre, le système a refusé %s fois de montrer vos coordonnées."},
	.contacts_sum = {"En outre, un système téléphonique a permis une fois à une personne de vous appeler ou de vous écrire, sans lui communiquer votre numéro.", "En outre, un système téléphonique a permis %s fois à une personne de vous appeler ou de vous écrire, sans lui communiquer votre numéro."},
	.possible_sum = "D’autres opérations ont porté sur de nombreux clients à la fois et ont pu vous concerner. Elles figurent plus bas.",
	.day = {"le même jour", "à %s dates différentes"},
	.person = {"une seule personne", "%s personnes différentes"},
	.who = "Chaque lettre désigne une personne et ne vaut que pour ce rapport. Vous avez le droit de savoir quand et pourquoi vos données ont été consultées. Le nom des employés qui ont agi pour le compte de l’entreprise n’est communiqué que s’il vous est indispensable pour exercer vos droits.",
	.who_unnamed = "Une personne porte une autre lettre là où rien ne vous désigne" NBSP ": dans les tableaux des recherches parmi tous les clients, des copies et des tentatives portant sur de nombreux clients.",
	.names = "Des noms sont communiqués en vertu de la décision suivante" NBSP ": %s",
	.appointments = "Pendant un rendez-vous chez vous",
	.appointments_text = "Un technicien voit vos coordonnées tant que son rendez-vous chez vous est en cours.",
	.appointment = "Rendez-vous n°" NBSP "%s",
	.window = ", accès ouvert du %s au %s",
	.others_title = "Pour un autre motif",
	.others_text = "Ces personnes disposent d’une autorisation qui ne dépend pas d’un rendez-vous. Le tableau indique la finalité de cette autorisation.",
	.relay = "Appels passés par notre système téléphonique",
	.relay_text = "Pendant son rendez-vous chez vous, un technicien peut vous appeler ou vous écrire sans voir votre numéro" NBSP ": un système téléphonique l’utilise à sa place. Vous pouvez le joindre de la même façon, sans voir le sien.",
	.offered_event = "le technicien a été autorisé à vous appeler",
	.contact_event = "le système téléphonique a reçu votre numéro pour mettre le technicien en relation avec vous",
	.contact_in_event = "vous avez appelé ou écrit, et vous avez été mis en relation avec le technicien",
	.contact_end_event = "l’appel s’est terminé",
	.contact_missed_event = "l’appel n’a pas abouti",
	.contact_refused_event = "le système téléphonique n’a pas reçu votre numéro",
	.contact_refused_in_event = "vous avez appelé ou écrit, et vous n’avez pas été mis en relation",
	.withheld = "Tentatives sans résultat",
	.withheld_text = "Une personne a demandé vos coordonnées et le système ne les lui a pas montrées. Il s’agit aussi d’un traitement de vos données, et nous vous en informons donc. Souvent, vous figuriez parmi d’autres clients dans une liste.",
	.searched = "Recherches qui n’ont pas abouti à vous",
	.searched_text = "Une personne a fait une recherche parmi quelques clients, dont vous. Le système a comparé vos données à la valeur recherchée. La recherche n’a pas abouti à vous et vos données n’ont pas été montrées.",
	.searches = "Recherches parmi tous les clients",
	.searches_text = "Une personne a recherché un numéro de téléphone ou une adresse, par exemple pour savoir qui appelait. Le système a comparé cette valeur aux données de tous les clients, donc peut-être aux vôtres. Si une recherche a abouti à vous, elle figure plus haut parmi les consultations.",
	.bulk = "Copies des données de tous les clients, qui ont pu inclure les vôtres",
	.bulk_text = "Ces programmes ou ces personnes ont lu les données de tous les clients à la fois, par exemple pour une sauvegarde. Aucun enregistrement ne vous désigne, mais vos données ont pu être lues avec les autres.",
	.mass = "Tentatives portant sur de nombreux clients, dont peut-être vous",
	.mass_text = "Une personne a demandé les coordonnées de nombreux clients à la fois et le système ne les lui a pas montrées. Il a compté ces clients sans noter lesquels. Vous avez pu en faire partie.",
	.reports = "Rapports établis à votre sujet",
	.reports_text = "Ces rapports ont été établis pour vous, comme celui-ci, ou à la demande d’une autorité.",
	.other_events = "Autres enregistrements qui vous désignent",
	.other_events_text = "Il s’agit d’actes d’administration, par exemple le changement d’un rendez-vous ou l’ordre de conserver les enregistrements qui vous concernent.",
	.gaps = "Ce qui peut manquer",
	.gaps_text = "Les enregistrements signalent eux-mêmes ce qui peut leur manquer.",
	.no_gaps = "Les enregistrements de cette période ne signalent ni lacune, ni suppression, ni effacement.",
	.gap = "Une lacune" NBSP ": un événement antérieur à cette heure peut ne pas avoir été enregistré.",
	.erasure = "Le nom d’un client ou d’une personne a été effacé des enregistrements.",
	.purge = "Les enregistrements antérieurs au %s ont été supprimés en raison de leur ancienneté.",
	.rights = "Vos droits",
	.rights_text = "Vous pouvez nous demander de rectifier vos données, de les effacer ou d’en limiter l’utilisation, et vous pouvez vous opposer à cette utilisation. Vous pouvez adresser une réclamation à l’autorité de contrôle" NBSP ": %s.",
	.check = "Comment vérifier ce rapport",
	.check_text = "Le dossier «" NBSP "proofs" NBSP "» contient une preuve pour chaque enregistrement dont le numéro est indiqué (nombre de preuves" NBSP ": %s). Chacune prouve, sans révéler le nom de la personne, que l’enregistrement figure dans le journal signé <code>%s</code> (nombre d’enregistrements à cette date" NBSP ": %s). Toute personne peut les vérifier à l’aide du programme contact-guard et de la clé publique du journal" NBSP ": <code>contact-guard check-proof proofs/NUMÉRO.tlog-proof --vkey CLÉ</code>. Le fichier SHA256SUMS permet de vérifier qu’aucun fichier n’a été modifié.",
	.check_partly = "Nombre d’enregistrements ci-dessus sans preuve" NBSP ": %s. Ils ne sont pas encore signés, ou leur texte pourrait désigner une personne.",
	.check_none = "Le journal n’était pas signé lorsque ce rapport a été établi. Ce rapport est une déclaration, sans preuves.",
	.check_absence = "Une preuve montre qu’un enregistrement figure dans le journal. Que le journal ne contienne aucun autre enregistrement à votre sujet est une affirmation de notre part, que ce rapport ne prouve pas.",
	.code = "Ce code contient le nombre d’enregistrements du journal et son empreinte (root hash) lorsque ce rapport a été établi" NBSP ": <code>%s</code>. Toute personne qui conserve cette page sur papier pourra les comparer plus tard au journal.",
	.code_label = "Code QR du nombre d’enregistrements et de l’empreinte, qui figurent à côté",
	.more = "Le tableau montre les %s premières lignes sur %s. Toutes figurent dans le fichier records.csv.",
	.nobody = "une personne dont le nom a été effacé",
	.reader = "Personne",
	.day_column = "Jour",
	.time_column = "Heure",
	.what_column = "Données",
	.who_column = "Qui",
	.purpose_column = "Finalité",
	.reason_column = "Pourquoi rien n’a été montré",
	.from_column = "Première fois",
	.to_column = "Dernière fois",
	.times_column = "Nombre de fois",
	.event_column = "Ce qui s’est passé",
	.section_column = "Nature",
	.to_utc_column = "Dernière fois, UTC",
	.detail_column = "Finalité ou motif",
	.appointment_column = "Rendez-vous",
	.number_column = "Numéro de l’enregistrement",
	.no_window = "aucun rendez-vous chez vous",
	.window_closed = "le rendez-vous était terminé",
	.window_not_open = "le rendez-vous n’avait pas commencé",
	.compared = "une comparaison sans autorisation",
	.relay_only = "vous ne pouvez être appelé que par notre système téléphonique",
	.no_identity = "la preuve de l’identité du demandeur avait expiré ou faisait défaut",
	.not_covered = "l’accès de cette personne ne portait pas sur ces données",
	.not_permitted = "cette personne n’avait pas d’autorisation",
	.own = "cette personne venait de saisir ces données",
	.intervention = "rendez-vous",
	.superuser = "administration de la base de données",
	.policy_event = "un acte d’administration",
	.compared_event = "un auditeur a comparé vos données à celles d’autres clients, sans les voir",
	.window_event = "un rendez-vous chez vous a été créé, déplacé ou clos",
	.report_event = "un rapport a été établi",
	.disclosure_event = "des noms ont été communiqués, en vertu d’une décision",
	.months = {"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"}
};

const Words *
words_of(const char *language)
{
	return strcmp(language, "en") == 0 ? &english : strcmp(language, "fr") == 0 ? &french : NULL;
}

void
dictionary_read(Dictionary *dictionary, const char *path)
{
	size_t		length;
	char	   *text = file_read(path, &length);
	int			number = 0;

	for (char *line = text; line != NULL && *line != '\0';)
	{
		char	   *end = strchr(line, '\n');
		char	   *comma = strchr(line, ',');

		number++;
		if (end != NULL)
			*end = '\0';
		if (end != NULL && end > line && end[-1] == '\r')
			end[-1] = '\0';
		if (*line != '\0' && (comma == NULL || (end != NULL && comma > end)))
			fail(EXIT_UNCHECKED, "\"%s\", line %d: not WORD,TEXT", path, number);
		if (*line != '\0')
		{
			*comma = '\0';
			dictionary->words = reallocate(dictionary->words, ((size_t) dictionary->count + 1) * sizeof(char *));
			dictionary->texts = reallocate(dictionary->texts, ((size_t) dictionary->count + 1) * sizeof(char *));
			dictionary->words[dictionary->count] = line;
			dictionary->texts[dictionary->count++] = comma + 1;
		}
		line = end == NULL ? NULL : end + 1;
	}
}

const char *
dictionary_say(const Dictionary *dictionary, const char *word)
{
	for (int i = 0; word != NULL && i < dictionary->count; i++)
		if (strcmp(dictionary->words[i], word) == 0)
			return dictionary->texts[i];
	return word;
}
