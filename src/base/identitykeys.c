/*
 * identitykeys.c
 *		The public keys that verify tokens: the file of contact_guard.identity_keys.
 *
 * The file is not in the data directory, which pg_basebackup copies and which roles that may
 * write server files know.  It belongs to the operating system: nobody may write it but its
 * owner.
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "port/atomics.h"

#include "base/datadir.h"
#include "base/guc.h"
#include "base/identitykeys.h"
#include "base/shared.h"

#define TROUBLE(...) (snprintf(trouble, CG_ERROR_LENGTH, __VA_ARGS__), false)

/* The keys of this session. */
static CgJwks keys;
static uint64 keys_generation = 0;

static int	read_whole(int fd, char *text, int room);
static bool read_file(char *text, int *length, char *trouble);
static bool check_set(const char *text, int length, char *trouble);
static void take_keys_text(const char *text, int length);
static void say_keys(const char *text, int length);
static void take_trouble(const char *trouble);

/* The number of bytes; -1: errno is set. */
static int
read_whole(int fd, char *text, int room)
{
	int			length = 0;

	while (length < room)
	{
		ssize_t		count = read(fd, text + length, room - length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -1;
		if (count == 0)
			break;
		length += (int) count;
	}
	return length;
}

/* text has room for one byte more than a file may have. */
static bool
read_file(char *text, int *length, char *trouble)
{
	const char *path = cg_identity_keys;
	struct stat st;
	int			fd;

	if (!is_absolute_path(path))
		return TROUBLE("identity keys \"%s\" are not an absolute path", path);
	if (cg_datadir_has(path))
		return TROUBLE("identity keys \"%s\" are in the data directory", path);
	/* A pipe would hold up the launcher. */
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return TROUBLE("could not open identity keys \"%s\": %m", path);
	if (fstat(fd, &st) != 0 || (*length = read_whole(fd, text, CG_JWKS_FILE_LENGTH + 1)) < 0)
	{
		(void) TROUBLE("could not read identity keys \"%s\": %m", path);
		close(fd);
		return false;
	}
	close(fd);
	if (!S_ISREG(st.st_mode))
		return TROUBLE("identity keys \"%s\" are not a file", path);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return TROUBLE("identity keys \"%s\" can be written by others than the owner", path);
	return true;
}

static bool
check_set(const char *text, int length, char *trouble)
{
	CgJwks		set;
	const char *why = cg_jwks_parse(text, length, &set);

	if (why)
		return TROUBLE("identity keys \"%s\" are not a set of keys: %s", cg_identity_keys, why);
	cg_jwks_free(&set);
	return true;
}

static void
take_keys_text(const char *text, int length)
{
	CgIdentityFile *file = &cg_shared->identity;
	bool		changed;

	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	changed = length != file->length || memcmp(text, file->text, length) != 0;
	if (changed)
	{
		memcpy(file->text, text, length);
		file->length = length;
		pg_atomic_fetch_add_u64(&file->generation, 1);
		/* Each log gets a record of it, also if nobody reads there. */
		for (int i = 0; cg_identity != CG_IDENTITY_OFF && i < cg_max_databases; i++)
			if (OidIsValid(cg_shared->databases[i].oid))
			{
				cg_shared->databases[i].wanted = true;
				cg_shared_wake(&cg_shared->databases[i]);
			}
	}
	LWLockRelease(cg_shared->lock);
	if (changed)
		say_keys(text, length);
}

/* Not by this process's own keys: the postmaster hands nothing to its children. */
static void
say_keys(const char *text, int length)
{
	CgJwks		set;
	char	   *names;

	if (length == 0)
	{
		ereport(LOG,
				(errmsg("contact_guard accepts no tokens: contact_guard.identity_keys is not set")));
		return;
	}
	if (cg_jwks_parse(text, length, &set) != NULL)
		return;
	if (set.count == 0)
	{
		ereport(LOG,
				(errmsg("contact_guard accepts no tokens: contact_guard.identity_keys has no key for EdDSA, ES256 or RS256")));
		return;
	}
	names = cg_identitykeys_names(&set);
	ereport(LOG,
			(errmsg("contact_guard verifies tokens by these keys: %s", names),
			 set.ignored > 0 ? errdetail("%d keys of other kinds or uses are ignored.", set.ignored) : 0));
	pfree(names);
	cg_jwks_free(&set);
}

char *
cg_identitykeys_names(const CgJwks *set)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < set->count; i++)
		appendStringInfo(&names, "%s%s (%s)", i > 0 ? ", " : "", set->keys[i].kid, set->keys[i].thumbprint);
	return names.data;
}

static void
take_trouble(const char *trouble)
{
	CgIdentityFile *file = &cg_shared->identity;
	bool		changed;
	int			length;

	LWLockAcquire(cg_shared->lock, LW_EXCLUSIVE);
	changed = strcmp(file->trouble, trouble) != 0;
	strlcpy(file->trouble, trouble, CG_ERROR_LENGTH);
	length = file->length;
	LWLockRelease(cg_shared->lock);
	if (!changed)
		return;
	if (trouble[0] == '\0')
	{
		ereport(LOG,
				(errmsg("contact_guard: the file of identity keys is good again")));
		return;
	}
	ereport(LOG,
			(errmsg("contact_guard: %s", trouble),
			 length > 0 ? errdetail("Tokens are verified by the keys that were read before.") :
			 errdetail("No token is accepted.")));
}

void
cg_identitykeys_read(void)
{
	char	   *text;
	char		trouble[CG_ERROR_LENGTH] = "";
	int			length = 0;

	if (cg_shared == NULL)
		return;
	text = palloc(CG_JWKS_FILE_LENGTH + 1);
	if (cg_identity_keys[0] == '\0' ||
		(read_file(text, &length, trouble) && check_set(text, length, trouble)))
		take_keys_text(text, length);
	take_trouble(trouble);
	pfree(text);
}

uint64
cg_identitykeys_generation(void)
{
	return cg_shared ? pg_atomic_read_u64(&cg_shared->identity.generation) : 0;
}

const CgJwks *
cg_identitykeys_get(void)
{
	char	   *text;
	int			length;

	cg_shared_require();
	if (keys_generation == cg_identitykeys_generation())
		return keys.count > 0 ? &keys : NULL;
	text = palloc(CG_JWKS_FILE_LENGTH);
	LWLockAcquire(cg_shared->lock, LW_SHARED);
	length = cg_shared->identity.length;
	memcpy(text, cg_shared->identity.text, length);
	keys_generation = pg_atomic_read_u64(&cg_shared->identity.generation);
	LWLockRelease(cg_shared->lock);
	cg_jwks_free(&keys);
	if (length > 0 && cg_jwks_parse(text, length, &keys) != NULL)
		keys_generation = 0;
	pfree(text);
	return keys.count > 0 ? &keys : NULL;
}

char *
cg_identitykeys_trouble(void)
{
	char		trouble[CG_ERROR_LENGTH];

	LWLockAcquire(cg_shared->lock, LW_SHARED);
	strlcpy(trouble, cg_shared->identity.trouble, sizeof(trouble));
	LWLockRelease(cg_shared->lock);
	return trouble[0] == '\0' ? NULL : pstrdup(trouble);
}
