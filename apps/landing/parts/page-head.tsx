/** Title and first sentence of every page but the home page. */
export function PageHead({ title, lead }: { title: string; lead: string }) {
  return (
    <div className="mx-auto max-w-6xl px-5 pt-14 lg:pt-20">
      <h1 className="max-w-4xl text-5xl sm:text-6xl">{title}</h1>
      <p className="mt-6 max-w-2xl text-xl text-muted">{lead}</p>
    </div>
  );
}
