/*
 * labelparse.c
 *		Parsing the text of a label.
 *
 * The form is in labels.h.  A label comes from a user who may set one, or from a dump.
 * So everything that has not that form is an error and is not ignored: an ignored key
 * could be the one that guards.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "compat.h"
#include "policy/labelparse.h"
#include "policy/labels.h"

const char *const cg_labels_part_names[CG_NPARTS] = {
	"id", "customer", "technician", "opens_at", "closes_at"
};

/* One key of a label's object, and the variable that gets its string. */
typedef struct LabelKey
{
	const char *name;
	char	  **value;
} LabelKey;

static JsonbContainer *parse_object(const char *label);
static void read_label_keys(JsonbContainer *object, LabelKey *keys, int nkeys);
static JsonbContainer *object_at(JsonbContainer *object, const char *key);
pg_noreturn static void bad_label(const char *detail);

static void
bad_label(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid contact_guard label"),
			 errdetail("%s", detail),
			 errhint("Use contact_guard.protect() and contact_guard.use_interventions(), which write the labels.")));
}

static JsonbContainer *
parse_object(const char *label)
{
	MemoryContext oldcontext = CurrentMemoryContext;
	Jsonb	   *volatile jb = NULL;

	PG_TRY();
	{
		jb = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(label)));
	}
	PG_CATCH();
	{
		/*
		 * The parser's message about tokens does not help the user.  No subtransaction is
		 * needed, since the parser allocates only memory.
		 */
		MemoryContextSwitchTo(oldcontext);
		FlushErrorState();
	}
	PG_END_TRY();
	if (jb == NULL || !JB_ROOT_IS_OBJECT(jb))
		bad_label("A label is a JSON object.");
	return &jb->root;
}

/*
 * Sets the variables of the given keys.  For a value that is itself an object *value
 * becomes "", and the caller reads the object.  Any other key is an error.
 */
static void
read_label_keys(JsonbContainer *object, LabelKey *keys, int nkeys)
{
	JsonbIterator *it = JsonbIteratorInit(object);
	JsonbIteratorToken token;
	JsonbValue	v;
	char	   *key = NULL;

	while ((token = JsonbIteratorNext(&it, &v, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			key = pnstrdup(v.val.string.val, v.val.string.len);
		else if (token == WJB_VALUE)
		{
			int			i = 0;

			while (i < nkeys && strcmp(keys[i].name, key) != 0)
				i++;
			if (i == nkeys)
				bad_label(psprintf("Key \"%s\" is not known here.", key));
			if (v.type == jbvString)
				*keys[i].value = pnstrdup(v.val.string.val, v.val.string.len);
			else if (v.type == jbvBinary)
				*keys[i].value = "";
			else
				bad_label(psprintf("The value of key \"%s\" is not a string.", key));
		}
	}
}

/* The object under a key, or NULL if its value is a string. */
static JsonbContainer *
object_at(JsonbContainer *object, const char *key)
{
	JsonbValue	v;

	if (getKeyJsonValueFromContainer(object, key, strlen(key), &v) == NULL ||
		v.type != jbvBinary || !JsonContainerIsObject(v.val.binary.data))
		return NULL;
	return v.val.binary.data;
}

void
cg_labelparse_table(const char *label, CgTableLabel *result)
{
	char	   *protect = NULL;
	char	   *interventions = NULL;
	LabelKey	top[] = {{"protect", &protect}, {"interventions", &interventions}};
	JsonbContainer *root;

	memset(result, 0, sizeof(*result));
	if (label == NULL)
		return;
	root = parse_object(label);
	read_label_keys(root, top, lengthof(top));
	if (protect)
	{
		char	   *unpinned = NULL;
		LabelKey	keys[] = {
			{"mode", &result->mode}, {"fallback", &result->fallback},
			{"row_security", &result->row_security}, {"unpinned", &unpinned}
		};
		JsonbContainer *object = object_at(root, "protect");

		if (object == NULL)
			bad_label("The value of \"protect\" on a table is an object.");
		read_label_keys(object, keys, lengthof(keys));
		result->protect = true;
		if (result->mode == NULL)
			result->mode = "mask";
		if (result->fallback == NULL)
			result->fallback = "none";
		if (strcmp(result->mode, "mask") != 0 && strcmp(result->mode, "hide") != 0)
			bad_label(psprintf("Mode \"%s\" is not known.", result->mode));
		if (strcmp(result->fallback, "none") != 0 && strcmp(result->fallback, "rls") != 0)
			bad_label(psprintf("Fallback \"%s\" is not known.", result->fallback));
		if (result->row_security && strcmp(result->row_security, "off") != 0 &&
			strcmp(result->row_security, "dormant") != 0 && strcmp(result->row_security, "on") != 0 && strcmp(result->row_security, "forced") != 0)
			bad_label(psprintf("Row security \"%s\" is not known.", result->row_security));
		if (unpinned && strcmp(unpinned, "accept") != 0)
			bad_label(psprintf("Unpinned \"%s\" is not known.", unpinned));
		result->unpinned = unpinned != NULL;
	}
	if (interventions)
	{
		char	   *watch = NULL;
		LabelKey	keys[] = {
			{"open_when", &result->open_when}, {"early", &result->early}, {"late", &result->late},
			{"longest", &result->longest}, {"timezone", &result->timezone}, {"watch", &watch}
		};
		JsonbContainer *object = object_at(root, "interventions");

		if (object == NULL)
			bad_label("The value of \"interventions\" on a table is an object.");
		read_label_keys(object, keys, lengthof(keys));
		if (watch && strcmp(watch, "trigger") != 0 && strcmp(watch, "beneath") != 0)
			bad_label(psprintf("Watch \"%s\" is not known.", watch));
		result->interventions = true;
		result->watch = watch != NULL;
		result->beneath = watch && strcmp(watch, "beneath") == 0;
	}
}

void
cg_labelparse_column(const char *label, CgColumnLabel *result)
{
	char	   *protect = NULL;
	char	   *part = NULL;
	char	   *watched = NULL;
	LabelKey	top[] = {{"protect", &protect}, {"interventions", &part}, {"watched", &watched}};
	JsonbContainer *root;

	memset(result, 0, sizeof(*result));
	result->part = -1;
	if (label == NULL)
		return;
	root = parse_object(label);
	read_label_keys(root, top, lengthof(top));
	if (protect)
	{
		JsonbContainer *object = object_at(root, "protect");
		char	   *reveal = NULL;
		LabelKey	keys[] = {{"mask", &result->mask}, {"reveal", &reveal}};

		if (object)
			read_label_keys(object, keys, lengthof(keys));
		else if (strcmp(protect, "customer") == 0)
			result->customer = true;
		if (!result->customer && result->mask == NULL)
			bad_label("The value of \"protect\" on a column is \"customer\" or an object with a mask.");
		if (reveal && (result->mask == NULL || strcmp(reveal, "relay") != 0))
			bad_label(psprintf("Reveal \"%s\" is not known here.", reveal));
		result->relay = reveal != NULL;
	}
	if (watched && strcmp(watched, "id") != 0)
		bad_label("The value of \"watched\" on a column is \"id\".");
	result->watched = watched != NULL;
	if (part)
	{
		for (int i = 0; i < CG_NPARTS; i++)
			if (strcmp(cg_labels_part_names[i], part) == 0)
				result->part = i;
		if (result->part < 0)
			bad_label(psprintf("\"%s\" is not a part of an intervention.", part));
	}
}

void
cg_labelparse_function(const char *label, CgFunctionLabel *result)
{
	LabelKey	top[] = {{"trusted", &result->reason}, {"definition", &result->definition}};

	memset(result, 0, sizeof(*result));
	read_label_keys(parse_object(label), top, lengthof(top));
	if (result->reason == NULL || result->reason[0] == '\0' ||
		result->definition == NULL || result->definition[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid contact_guard label"),
				 errdetail("The label of a function has the keys \"trusted\", with the reason, and \"definition\", with a hash."),
				 errhint("Use contact_guard.trust_function(), which writes the label.")));
}
