/*
 * notetext.h
 *		Signed notes as text of a database.
 */
#ifndef CG_NOTETEXT_H
#define CG_NOTETEXT_H

/* Converts the bytes of a note to text of the database, and back; palloc'd. */
extern char *cg_notetext_from_note(const char *note);
extern char *cg_notetext_to_note(const char *text);

/*
 * ERROR, with this hint, if the name of a key or log would not be the same in the
 * database's text and in a note.
 */
extern void cg_notetext_require_name(const char *name, const char *hint);

#endif							/* CG_NOTETEXT_H */
