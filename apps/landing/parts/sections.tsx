/** Titled paragraphs: the title left, the words right, one line between them. */
export function Sections({ sections }: { sections: { title: string; text: string[] }[] }) {
  return (
    <div className="mx-auto mt-14 max-w-6xl px-5">
      {sections.map((section) => (
        <section
          key={section.title}
          className="grid gap-x-12 gap-y-3 border-t border-line py-9 lg:grid-cols-[1fr_1.7fr]"
        >
          <h2 className="text-2xl">{section.title}</h2>
          <div className="max-w-2xl space-y-3.5">
            {section.text.map((paragraph) => (
              <p key={paragraph}>{paragraph}</p>
            ))}
          </div>
        </section>
      ))}
    </div>
  );
}
